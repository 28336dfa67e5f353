import { html } from "lit";
import { mayAct } from "../state/data";
import type { Tab } from "../work/tabs";

const STAFF = ["data_officer", "analyst", "operator"];

/** The bureau clerk's tabs: standards are for everybody, inboxes for staff, issues for who is signed in, the rest for data officers. */
export const BUREAU: readonly Tab[] = [
  { id: "standards", name: "standards.title", may: () => true, load: () => import("./lf-standards"), show: () => html`<lf-standards></lf-standards>` },
  { id: "exchange", name: "exchange.title", may: (subject) => mayAct(subject, ...STAFF), load: () => import("./lf-exchange"), show: () => html`<lf-exchange></lf-exchange>` },
  { id: "issues", name: "issues.title", may: (subject) => subject !== null, load: () => import("./lf-issues"), show: () => html`<lf-issues></lf-issues>` },
  { id: "destructions", name: "life.destructions", may: (subject) => mayAct(subject, "data_officer"), load: () => import("./lf-life"), show: () => html`<lf-destructions></lf-destructions>` },
];
