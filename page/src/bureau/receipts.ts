import type { PublicKey, Receipt } from "../api/bureau";

const ED25519 = { name: "Ed25519" };

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function encoded(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return whether this browser can check and make signatures: it can over HTTPS and on the machine itself. */
export function canSign(): boolean {
  return window.isSecureContext;
}

async function holds(jws: string, key: PublicKey): Promise<boolean> {
  const [head = "", payload = "", signature = ""] = jws.split(".");
  const held = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: key.x ?? "" }, ED25519, false, ["verify"]);
  return crypto.subtle.verify(ED25519, held, decoded(signature), new TextEncoder().encode(`${head}.${payload}`));
}

/**
 * Return the numbers (from 1) of the receipts of a delivery that do not hold: signature by a key of both sides, delivery,
 * and the SHA-256 of the one before, which each must name. None: all hold.
 */
export async function faultyReceipts(receipts: Receipt[], keys: PublicKey[], delivery: string): Promise<number[]> {
  const faulty: number[] = [];
  let previous = "";
  for (const [index, { jws }] of receipts.entries()) {
    const [head = "", payload = ""] = jws.split(".");
    const { kid } = JSON.parse(new TextDecoder().decode(decoded(head))) as { kid?: string };
    const says = JSON.parse(new TextDecoder().decode(decoded(payload))) as { delivery?: string; previous?: string };
    const key = keys.find((one) => one.kid === kid);
    const linked = says.delivery === delivery && (says.previous ?? "") === previous;
    if (!key || !linked || !(await holds(jws, key))) faulty.push(index + 1);
    previous = hex(await sha256(jws));
  }
  return faulty;
}

/** Return a new pair of keys as JSON Web Keys: the secret one to be kept by the bureau, the open one to be registered. */
export async function newKeyPair(): Promise<{ secret: JsonWebKey; open: JsonWebKey }> {
  const pair = (await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"])) as CryptoKeyPair;
  const { kty = "", crv = "", x = "", d = "" } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return { secret: { kty, crv, x, d }, open: { kty, crv, x } };
}

/** Return the bureau's acknowledgement of a receipt, signed here: the private key (a JWK, RFC 8037) leaves no browser. */
export async function acknowledgement(keyText: string, delivery: string, previous: string): Promise<string> {
  const key = JSON.parse(keyText) as JsonWebKey;
  const kid = encoded(await sha256(JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x })));
  const part = (value: object): string => encoded(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg: "Ed25519", kid, typ: "receipt+jws" })}.${part({ delivery, previous, stage: "acknowledged" })}`;
  const { kty = "", crv = "", x = "", d = "" } = key;
  const held = await crypto.subtle.importKey("jwk", { kty, crv, x, d }, ED25519, false, ["sign"]);
  const signature = await crypto.subtle.sign(ED25519, held, new TextEncoder().encode(signed));
  return `${signed}.${encoded(new Uint8Array(signature))}`;
}
