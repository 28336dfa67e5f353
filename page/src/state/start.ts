import { startView } from "./view";

startView();
