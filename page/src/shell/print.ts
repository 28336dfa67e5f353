import { pictureNow } from "../map/source";

/** Put the map's picture, as it looks on paper, into the report and return when it can be printed. */
export async function prepareReport(): Promise<void> {
  const image = document.querySelector<HTMLImageElement>(".report-map");
  const picture = pictureNow("paper");
  if (!image || !picture) return;
  image.src = picture.toDataURL("image/png");
  image.hidden = false;
  await image.decode();
}

/** Open the browser's print window with the report of what is on the screen. */
export async function printReport(): Promise<void> {
  await prepareReport();
  window.print();
}

/** Prepare the report also when printing was asked of the browser itself. */
export function startPrint(): void {
  window.addEventListener("beforeprint", () => void prepareReport());
}
