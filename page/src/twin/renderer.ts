import { WebGLRenderer } from "three";

/** What drivers without a graphics card call themselves: Chromium's, Mesa's, Windows'. */
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|basic render/i;

/** Return whether the processor draws, for want of a graphics card. */
function drawnByProcessor(): boolean {
  const probe = new OffscreenCanvas(1, 1).getContext("webgl2");
  const told = probe?.getExtension("WEBGL_debug_renderer_info");
  const drawer = told ? String(probe?.getParameter(told.UNMASKED_RENDERER_WEBGL)) : "";
  probe?.getExtension("WEBGL_lose_context")?.loseContext();
  return BY_PROCESSOR.test(drawer);
}

/** Return what draws the scene on a canvas; edges are smooth but where the processor draws, for which they nearly double a frame. */
export function rendererOn(canvas: HTMLCanvasElement): WebGLRenderer {
  const antialias = !drawnByProcessor();
  const renderer = new WebGLRenderer({ canvas, antialias, preserveDrawingBuffer: true, logarithmicDepthBuffer: true });
  renderer.localClippingEnabled = true;
  renderer.info.autoReset = false;
  return renderer;
}
