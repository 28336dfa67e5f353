import "./state/start";
import "./css/theme.css";
import "./css/base.css";
import "./css/shell.css";
import "./css/map.css";
import "./css/panels.css";
import "./css/modes.css";
import "./css/print.css";
import "./shell/lf-app";
import { startKeys } from "./shell/keys";
import { startPrint } from "./shell/print";
import { pending } from "./shell/ready";
import { followEvents, loadAll, loadMoment } from "./state/actions";
import { startPurpose } from "./state/purpose";
import { startUndo } from "./state/undo";
import { view } from "./state/view";

startKeys();
startPrint();
startPurpose();
startUndo();
view.listen((now, before) => {
  if (now.at !== before.at) void loadMoment();
});
void loadAll().finally(() => pending.delete("boot"));
followEvents();
