import type { TemplateResult } from "lit";
import type { Subject } from "../api/types";
import type { Key } from "../i18n";
import { BUREAU } from "../bureau/tabs";
import { OFFICE } from "../office/tabs";

/** A tab of the room of work: whom it is for, what fetches it, and what it shows. */
export interface Tab {
  id: string;
  name: Key;
  may(subject: Subject | null): boolean;
  load(): Promise<unknown>;
  show(): TemplateResult;
}

/** Every tab of the room of work, in order. */
export const TABS: readonly Tab[] = [...BUREAU, ...OFFICE];
