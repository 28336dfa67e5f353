import { isoIn } from "../format";
import { formatView, type View } from "./url";
import { view } from "./view";

const HOUR = 3_600_000;

function absolute(shown: View): string {
  return `${window.location.origin}/${formatView(shown, {})}`;
}

/** Return the address of what is seen now, with its moment, language and theme: it shows the same hour tomorrow. */
export function snapshotLink(now: number, zone: string): string {
  const at = view.value.at ?? isoIn(Math.floor(now / HOUR) * HOUR, zone);
  return absolute({ ...view.value, at, embed: false });
}

/** Return the address of this view; where the moment is live, it stays live. */
export function viewLink(): string {
  return absolute({ ...view.value, embed: false });
}

/** Return the HTML that shows this view in a frame of another page. */
export function embedCode(title: string): string {
  const source = absolute({ ...view.value, embed: true, kiosk: false }).replaceAll("&", "&amp;");
  return `<iframe src="${source}" title="${title.replaceAll('"', "&quot;")}" width="100%" height="480" loading="lazy"></iframe>`;
}
