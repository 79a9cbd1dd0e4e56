import { defineConfig } from 'vite';

/** Leaves out the two web fonts that GraphiQL embeds; the fallbacks it names, the reader's own fonts, do as well. */
const systemFonts = {
  name: 'system-fonts',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.css')) return null;
    return code.replace(/@font-face\s*{[^}]*font-family:\s*["']?(Roboto|Fira Code)[^}]*}/g, '');
  },
};

// Relative addresses (`base`) let the page be served under any path; nothing is fetched from elsewhere.
export default defineConfig({
  base: './',
  plugins: [systemFonts],
  build: {
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 8192,
  },
  worker: { format: 'es' },
});
