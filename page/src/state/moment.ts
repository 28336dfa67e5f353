import type { Alert, AlertState, Severity } from "../api/types";

/** Return the state an alert had at a moment (ms), or null when it did not exist yet. */
export function stateAt(alert: Alert, ms: number): AlertState | null {
  const past = (text: string | null): boolean => text !== null && Date.parse(text) <= ms;
  if (!past(alert.opened)) return null;
  if (past(alert.closed)) return "closed";
  if (past(alert.cleared)) return "cleared";
  return past(alert.fired) ? "firing" : "pending";
}

const RANK: Record<AlertState, number> = { firing: 0, pending: 1, cleared: 2, closed: 3 };
const GRAVITY: Record<Severity, number> = { red: 0, orange: 1, yellow: 2, blue: 3 };

/** Return the alerts as they stood at a moment (ms), or as they stand now for null: the firing first, then the gravest, then the newest. */
export function alertsAt(alerts: Alert[], ms: number | null): Alert[] {
  return alerts
    .flatMap((alert) => {
      const state = ms === null ? alert.state : stateAt(alert, ms);
      return state ? [{ ...alert, state }] : [];
    })
    .sort((a, b) => RANK[a.state] - RANK[b.state] || GRAVITY[a.severity] - GRAVITY[b.severity] || Date.parse(b.opened) - Date.parse(a.opened));
}
