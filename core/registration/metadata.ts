/**
 * @module Metadata: loads what tsyringe looks for when it is loaded itself. Two imports of it stand before tsyringe: bundlers run CommonJS
 * when the turn of the module that imports it has come, hence this module; Bun runs a module's CommonJS imports before its others, hence the
 * import in `injection.ts`. `sideEffects` of package.json names this module.
 */
import 'reflect-metadata/lite';
