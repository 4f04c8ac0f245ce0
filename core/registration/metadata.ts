/**
 * @module Metadata: the library that tsyringe looks for when it loads. A module of its own that comes before it, because a bundler may
 * run what a module imports as CommonJS only when that module's own turn has come. `sideEffects` of package.json names it.
 */
import 'reflect-metadata';
