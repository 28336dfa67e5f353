import { DoubleSide, type Mesh, MeshStandardMaterial, type Plane, TextureLoader } from "three";
import type { GLTFLoaderPlugin, GLTFParser } from "three/addons/loaders/GLTFLoader.js";

/** Have the images in a glTF opened as pictures of the page are: what is fetched may be the city's own only, which they are not. */
export function asPictures(parser: GLTFParser): GLTFLoaderPlugin {
  parser.textureLoader = new TextureLoader(parser.options.manager);
  return { name: "pictures" };
}

/** Return what the image that came with a mesh hangs in, if one did; colours of vertices are multiplied with it. */
export function hungIn(came: Mesh["material"], planes: Plane[]): MeshStandardMaterial | null {
  if (!(came instanceof MeshStandardMaterial) || !came.map) return null;
  return new MeshStandardMaterial({ map: came.map, alphaTest: came.alphaTest, vertexColors: true, roughness: 0.95, metalness: 0, side: DoubleSide, clippingPlanes: planes });
}
