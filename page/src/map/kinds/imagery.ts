import type { ImageryLayer } from "../../api/types";

const BEFORE = "imagery.";

/** Return the word that a picture of the ground has among the map's layers. */
export function imageryWord({ id }: Pick<ImageryLayer, "id">): string {
  return `${BEFORE}${id}`;
}
