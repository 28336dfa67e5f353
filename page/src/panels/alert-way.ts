import type { Alert } from "../api/types";
import type { View } from "../state/url";

const AIR_SCENE = "air_quality_early_warning";

/** Return where an alert leads: to the device or station it is about, else to the room that tells of its scene. */
export function wayOf(alert: Pick<Alert, "scene" | "resource" | "detail">): Partial<View> {
  const { thing } = alert.detail;
  const [kind, id] = alert.resource.split(/:(.*)/s);
  const pick = typeof thing === "string" ? thing : kind === "device" && id ? id : null;
  const shut = { table: null, dataset: null, stream: null, span: null };
  if (pick) return { ...shut, room: "sensing", pick, series: null };
  return { ...shut, room: alert.scene === AIR_SCENE ? "operations" : "sensing", pick: null };
}
