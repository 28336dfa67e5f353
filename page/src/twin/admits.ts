/** What those see who may change the twin; fetched for them alone. */
import "./lf-twin-add";
import "./lf-twin-end";
