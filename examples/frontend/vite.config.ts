import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };

// Where the server is; `make frontend` says so.
const target = process.env.COREKIT_ORIGIN ?? "http://127.0.0.1:8000";
// The page asks the address that it came from, and vite hands on what the server answers.
const proxy = { "/graphql": { target }, "/documents": { target } };

export default defineConfig({
  server: { proxy, strictPort: true },
  preview: { proxy, strictPort: true },
  build: { chunkSizeWarningLimit: 2048 },
});
