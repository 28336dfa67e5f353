import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type MapLibreMap } from "maplibre-gl";

/** Points to draw: places in degrees, the shape of each (0 to 6) and its size, px. */
export interface Points {
  lon: Float64Array;
  lat: Float64Array;
  shape: Uint8Array;
  size: Float32Array;
}

/** Floats a point: place (x, y), shape, size. */
const FLOATS = 4;
const VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform float u_scale; uniform float u_crowd;
in vec4 a_point; flat out int v_shape; out float v_size;
void main() {
  gl_Position = u_matrix * vec4(a_point.xy, 0.0, 1.0);
  v_shape = int(a_point.z);
  v_size = a_point.w * u_scale * (v_shape > 2 ? max(u_crowd, 0.72) : u_crowd); gl_PointSize = v_size;
}`;
/** Shapes: 0 disc, 1 ring, 2 hollow square, 3 diamond, 4 triangle, 5 square with a cross, 6 wide ring. */
const FRAGMENT = `#version 300 es
precision mediump float;
uniform vec3 u_colours[7]; uniform vec3 u_edge;
flat in int v_shape; in float v_size; out vec4 colour;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0; float soft = 2.0 / v_size; float d;
  if (v_shape == 0) d = length(p) - 0.82;
  else if (v_shape == 1) d = abs(length(p) - 0.62) - 0.2;
  else if (v_shape == 2) d = abs(max(abs(p.x), abs(p.y)) - 0.56) - 0.2;
  else if (v_shape == 3) d = (abs(p.x) + abs(p.y) - 0.98) * 0.707;
  else if (v_shape == 4) { vec2 q = vec2(abs(p.x), 0.2 - p.y); d = max(0.866 * q.x + 0.5 * q.y, -q.y) - 0.45; }
  else if (v_shape == 5) d = max(abs(p.x), abs(p.y)) - 0.78;
  else d = abs(length(p) - 0.8) - 0.12;
  float inside = 1.0 - smoothstep(-soft, soft * 0.5, d);
  bool solid = v_shape == 0 || v_shape > 2 && v_shape < 6;
  vec3 fill = u_colours[v_shape];
  if (v_shape == 5) { float arm = min(abs(p.x - p.y), abs(p.x + p.y)); fill = mix(u_edge, fill, smoothstep(0.12, 0.12 + soft, arm)); }
  if (solid && v_size > 9.0) fill = mix(fill, u_edge, smoothstep(-1.5 * soft, -0.6 * soft, d));
  colour = vec4(fill * inside, inside);
}`;

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
}

function shader(gl: WebGL2RenderingContext, kind: number, source: string): WebGLShader {
  const made = gl.createShader(kind);
  if (!made) throw new Error("The browser makes no shader.");
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(made) ?? "shader");
  return made;
}

/** All points of the map as one layer of the graphics card: one buffer, one draw call, however many there are. */
export class PointLayer implements CustomLayerInterface {
  readonly type = "custom";
  /** What drawing costs: points and bytes in the buffer, draw calls of the last frame, frames drawn. */
  readonly cost = { points: 0, bytes: 0, calls: 0, frames: 0 };
  private points: Points | null = null;
  private colours: string[] = [];
  private edge = "#ffffff";
  private map: MapLibreMap | null = null;
  private program: WebGLProgram | null = null;
  private buffer: WebGLBuffer | null = null;
  private array: WebGLVertexArrayObject | null = null;
  private origin = { x: 0, y: 0 };
  private places: Float64Array = new Float64Array();
  private stale = false;

  constructor(readonly id: string) {}

  /** Show points in these colours, by shape; null shows none. */
  show(points: Points | null, colours: readonly string[], edge: string): void {
    if (points !== this.points) {
      this.points = points;
      this.stale = true;
    }
    this.colours = [...colours];
    this.edge = edge;
    this.map?.triggerRepaint();
  }

  onAdd(map: MapLibreMap, gl: WebGL2RenderingContext): void {
    this.map = map;
    const program = gl.createProgram();
    gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    this.program = program;
    this.buffer = gl.createBuffer();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    const at = gl.getAttribLocation(program, "a_point");
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, FLOATS, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    this.stale = true;
  }

  onRemove(_map: MapLibreMap, gl: WebGL2RenderingContext): void {
    gl.deleteProgram(this.program);
    gl.deleteBuffer(this.buffer);
    gl.deleteVertexArray(this.array);
    this.map = null;
  }

  /** Fill the buffer: places are kept near the middle of all, so that 32-bit numbers hold them to millimetres. */
  private fill(gl: WebGL2RenderingContext): void {
    const { points } = this;
    const count = points?.lon.length ?? 0;
    this.places = new Float64Array(count * 2);
    for (let i = 0; points && i < count; i += 1) {
      const { x, y } = MercatorCoordinate.fromLngLat([points.lon[i] ?? 0, points.lat[i] ?? 0]);
      this.places[2 * i] = x;
      this.places[2 * i + 1] = y;
    }
    this.origin = { x: this.places[0] ?? 0, y: this.places[1] ?? 0 };
    const floats = new Float32Array(count * FLOATS);
    for (let i = 0; points && i < count; i += 1) {
      floats[FLOATS * i] = (this.places[2 * i] ?? 0) - this.origin.x;
      floats[FLOATS * i + 1] = (this.places[2 * i + 1] ?? 0) - this.origin.y;
      floats[FLOATS * i + 2] = points.shape[i] ?? 0;
      floats[FLOATS * i + 3] = points.size[i] ?? 0;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, floats, gl.DYNAMIC_DRAW);
    Object.assign(this.cost, { points: count, bytes: floats.byteLength });
    this.stale = false;
  }

  /** How much larger points are drawn at a zoom than their size says. */
  private get scale(): number {
    const zoom = this.map?.getZoom() ?? 10;
    return Math.min(2.2, Math.max(0.75, 0.75 + (zoom - 9) * 0.16));
  }

  /** How much smaller points of little weight are drawn where there are so many that they would cover the map. */
  private get crowd(): number {
    const room = 2_500 * 4 ** ((this.map?.getZoom() ?? 10) - 10);
    return Math.min(1, Math.max(0.42, Math.sqrt(room / Math.max(this.cost.points, 1))));
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    if (this.stale) this.fill(gl);
    this.cost.calls = 0;
    if (!this.program || !this.cost.points) return;
    const m = Float64Array.from(defaultProjectionData.mainMatrix as ArrayLike<number>);
    const { x, y } = this.origin;
    for (let i = 0; i < 4; i += 1) m[12 + i] = (m[12 + i] ?? 0) + (m[i] ?? 0) * x + (m[4 + i] ?? 0) * y;
    const place = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(this.program as WebGLProgram, name);
    gl.useProgram(this.program);
    gl.uniformMatrix4fv(place("u_matrix"), false, Float32Array.from(m));
    gl.uniform1f(place("u_scale"), this.scale * window.devicePixelRatio);
    gl.uniform1f(place("u_crowd"), this.crowd);
    gl.uniform3fv(place("u_colours"), this.colours.flatMap(rgb));
    gl.uniform3fv(place("u_edge"), rgb(this.edge));
    gl.bindVertexArray(this.array);
    gl.drawArrays(gl.POINTS, 0, this.cost.points);
    gl.bindVertexArray(null);
    this.cost.calls = 1;
    this.cost.frames += 1;
  }

  /** Return the place in the list of the point nearest to a place on the screen, or -1 where none is within reach. */
  nearest(x: number, y: number, reach = 14): number {
    const { map, points } = this;
    if (!map || !points) return -1;
    const here = MercatorCoordinate.fromLngLat(map.unproject([x, y]));
    const beside = MercatorCoordinate.fromLngLat(map.unproject([x + reach, y]));
    let best = -1;
    let least = (beside.x - here.x) ** 2;
    for (let i = 0; i < points.lon.length; i += 1) {
      const far = ((this.places[2 * i] ?? 0) - here.x) ** 2 + ((this.places[2 * i + 1] ?? 0) - here.y) ** 2;
      if (far <= least) [least, best] = [far, i];
    }
    return best;
  }
}
