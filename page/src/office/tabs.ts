import { html } from "lit";
import { mayAct } from "../state/data";
import type { Tab } from "../work/tabs";

/** The data officer's and the developer's tabs; the register of uses and the feed of changes are for everybody. */
export const OFFICE: readonly Tab[] = [
  { id: "agreements", name: "office.agreements", may: (subject) => subject !== null, load: () => import("./lf-agreements"), show: () => html`<lf-agreements></lf-agreements>` },
  { id: "ethics", name: "office.ethics", may: () => true, load: () => import("./lf-ethics"), show: () => html`<lf-ethics></lf-ethics>` },
  {
    id: "master", name: "office.master", may: (subject) => mayAct(subject, "data_officer", "analyst", "operator"),
    load: () => import("./lf-master"), show: () => html`<lf-master></lf-master>`,
  },
  { id: "tokens", name: "tokens.title", may: (subject) => mayAct(subject, "data_officer", "analyst", "operator"), load: () => import("./lf-tokens"), show: () => html`<lf-tokens></lf-tokens>` },
  { id: "people", name: "people.title", may: (subject) => mayAct(subject), load: () => import("./lf-people"), show: () => html`<lf-people></lf-people>` },
  { id: "harvests", name: "harvests.title", may: (subject) => mayAct(subject, "data_officer"), load: () => import("./lf-harvests"), show: () => html`<lf-harvests></lf-harvests>` },
  { id: "changes", name: "office.changes", may: () => true, load: () => import("./lf-changes"), show: () => html`<lf-changes></lf-changes>` },
];
