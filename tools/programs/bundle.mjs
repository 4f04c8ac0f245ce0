/** @module Bundle: bundles a program with the bundler that is named: `bundle.mjs vite-node|vite-browser|rollup ENTRY FOLDER FILE`. */
const [bundler, entry, folder, file] = process.argv.slice(2);

async function withVite(isBrowser) {
  const { build } = await import('vite');
  const output = { entryFileNames: file, format: 'es' };
  const rollupOptions = { input: entry, output, preserveEntrySignatures: false };
  const ssr = isBrowser ? {} : { ssr: { noExternal: true } };
  await build({
    logLevel: 'error',
    configFile: false,
    build: { outDir: folder, emptyOutDir: false, ssr: !isBrowser, rollupOptions },
    ...ssr,
  });
}

async function withRollup() {
  const { rollup } = await import('rollup');
  const { default: nodeResolve } = await import('@rollup/plugin-node-resolve');
  const { default: commonjs } = await import('@rollup/plugin-commonjs');
  const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true }), commonjs()], onwarn() {} });
  await bundle.write({ file: `${folder}/${file}`, format: 'es' });
}

if (bundler === 'rollup') await withRollup();
else await withVite(bundler === 'vite-browser');
