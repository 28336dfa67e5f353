import { defineConfig } from "vite";

/** The build: one folder of static files that the page door serves at `/`. */
export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/lifang/doors/page/site",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    manifest: "manifest.json",
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8000", "/events": "http://127.0.0.1:8000" } },
});
