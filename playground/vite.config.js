// One script and one style sheet, named after their content, and the licences of all that went into them.
// Nothing here may depend on the machine: playground/build --check compares the bytes with the committed ones.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vite';

// GraphiQL's sheet carries its fonts within it, 370 KB of text; the system's own fonts do, and need no font-src.
const withoutFonts = {
  name: 'without-fonts',
  enforce: 'pre',
  transform(code, id) {
    return /\.css($|\?)/.test(id) ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : null;
  },
};

const packageOf = (file) => {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (folder.endsWith('node_modules')) return null;
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return folder;
  }
  return null;
};

const licences = {
  name: 'licences',
  generateBundle() {
    const folders = new Set();
    for (const id of this.getModuleIds()) {
      const file = id.replace(/^\0/, '').replace(/\?.*$/, '');
      const folder = file.includes('/node_modules/') ? packageOf(file) : null;
      if (folder) folders.add(folder);
    }
    const texts = new Map();
    for (const folder of folders) {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).sort().find((one) => /^licen[cs]e/i.test(one));
      const text = file ? readFileSync(join(folder, file), 'utf8').replace(/\r/g, '').trim() : '';
      texts.set(`${name} ${version}`, `${name} ${version} (${license})\n\n${text}`.trimEnd());
    }
    const source = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    this.emitFile({
      type: 'asset',
      fileName: 'licences.txt',
      source: `${source.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
    });
  },
};

export default defineConfig({
  base: './',
  publicDir: false,
  logLevel: 'warn',
  plugins: [withoutFonts, licences],
  // GraphiQL makes its icons' titles out of the names of their functions.
  esbuild: { jsx: 'automatic', legalComments: 'none', keepNames: true },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: process.env.STOLON_PLAYGROUND_OUT,
    emptyOutDir: true,
    sourcemap: false,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: 'src/main.jsx',
      // "use client" speaks to server frameworks; said on every file of theirs.
      onwarn: (warning, warn) => (warning.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : warn(warning)),
      output: {
        inlineDynamicImports: true,
        entryFileNames: 'playground-[hash].js',
        assetFileNames: 'playground-[hash][extname]',
      },
    },
  },
});
