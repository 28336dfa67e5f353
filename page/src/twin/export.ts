import { BufferGeometry, Float32BufferAttribute, Group, type InterleavedBufferAttribute, LineBasicMaterial, LineSegments, type Material, Mesh, MeshStandardMaterial, Points, PointsMaterial } from "three";
import { GLTFExporter } from "three/addons/exporters/GLTFExporter.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import type { TwinModel } from "../api/types";
import { clipped } from "./clip";
import type { Swatch } from "./colours";
import { isDraped } from "./drape";
import type { TileLayer } from "./layer";
import { isOver } from "./meshes";

const STRIP_PX = 26;
const PIN_PX = 6;
const FONT = '"Noto Sans SC", "Noto Sans CJK SC", system-ui, sans-serif';

/** Return binary glTF of the tiles that are seen, coloured and cut as they are; its scene's extras tell the moment and where its models are from. */
export async function modelOf(layer: TileLayer, models: readonly TwinModel[], at: string): Promise<Blob> {
  const whole = new Group();
  whole.userData = { models: models.map(({ id, title, source, licence, generated }) => ({ id, title: title.en, source, licence, generated })), at };
  layer.tiles.group.updateMatrixWorld(true);
  const [solid, clear] = [false, true].map((transparent) => new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0, transparent }));
  const [dot, thin] = [new PointsMaterial({ vertexColors: true }), new LineBasicMaterial({ vertexColors: true })];
  layer.tiles.group.traverse((each) => {
    if (!(each instanceof Mesh || each instanceof Points) || isOver(each) || !each.visible) return;
    const own = each.material as MeshStandardMaterial;
    const [geometry, corners] = each instanceof LineSegments2 ? [linesOf(each), 2 as const] : [each.geometry as BufferGeometry, each instanceof Points ? (1 as const) : (3 as const)];
    const left = leftOf(geometry, own, each, corners);
    if (!left) return;
    const copy = corners === 1 ? new Points(left, dot) : corners === 2 ? new LineSegments(left, thin) : new Mesh(left, own.map && !isDraped(own) ? own : own.transparent ? clear : solid);
    copy.applyMatrix4(each.matrixWorld);
    whole.add(copy);
  });
  const made = await new GLTFExporter().parseAsync(whole, { binary: true });
  return new Blob([made as ArrayBuffer], { type: "model/gltf-binary" });
}

/** Return what the planes of a material leave of a shape that is drawn with it; null where that is nothing. */
function leftOf(geometry: BufferGeometry, { clippingPlanes }: Material, { matrixWorld }: Mesh | Points, corners: 1 | 2 | 3): BufferGeometry | null {
  if (geometry.index?.count === 0) return null;
  if (!clippingPlanes?.length) return geometry.clone();
  const back = matrixWorld.clone().invert();
  return clipped(geometry, clippingPlanes.map((plane) => plane.clone().applyMatrix4(back)), corners);
}

/** Return wide lines as what a file knows: thin ones, coloured as they are. */
function linesOf({ geometry }: LineSegments2): BufferGeometry {
  const [places, colours] = ["instanceStart", "instanceColorStart"].map((name) => (geometry.getAttribute(name) as InterleavedBufferAttribute).data.array);
  const thin = new BufferGeometry().setAttribute("position", new Float32BufferAttribute(places ?? [], 3));
  return thin.setAttribute("color", new Float32BufferAttribute(colours ?? [], 3));
}

/** What is told on a picture of the scene. */
interface Caption {
  title: string;
  swatches: readonly Swatch[];
  /** Where it is from. */
  lines: readonly string[];
  /** Notes, measures and values that stand in the scene. */
  pins: readonly HTMLElement[];
  ink: string;
  ground: string;
}

/** Return the scene as a picture with its notes and measures, and a strip that holds its title, its legend and where it is from. */
export function pictureOf(canvas: HTMLCanvasElement, { title, swatches, lines, pins, ink, ground }: Caption): HTMLCanvasElement {
  const scale = canvas.width / Math.max(canvas.clientWidth, 1);
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = canvas.height + Math.round(STRIP_PX * (2 + lines.length) * scale);
  const pen = picture.getContext("2d");
  if (!pen) return picture;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(canvas, 0, 0);
  pen.scale(scale, scale);
  pen.textBaseline = "middle";
  pen.font = `12px ${FONT}`;
  const { left, top } = canvas.getBoundingClientRect();
  for (const pin of pins) {
    const { x, y, width, height } = pin.getBoundingClientRect();
    pen.fillStyle = ground;
    pen.fillRect(x - left, y - top, width, height);
    pen.fillStyle = pen.strokeStyle = ink;
    pen.strokeRect(x - left, y - top, width, height);
    pen.fillText(pin.innerText, x - left + PIN_PX, y - top + height / 2, width - PIN_PX);
  }
  let y = canvas.clientHeight + STRIP_PX / 2;
  pen.fillStyle = ink;
  pen.font = `600 14px ${FONT}`;
  pen.fillText(title, 12, y);
  pen.font = `12px ${FONT}`;
  let x = 12;
  y += STRIP_PX;
  for (const { key, colour } of swatches) {
    pen.fillStyle = colour;
    pen.fillRect(x, y - 6, 12, 12);
    pen.fillStyle = ink;
    pen.fillText(key, x + 17, y);
    x += 32 + pen.measureText(key).width;
  }
  for (const line of lines) pen.fillText(line, 12, (y += STRIP_PX));
  return picture;
}
