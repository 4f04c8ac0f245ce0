/**
 * @module Promises: js-libp2p 3 takes `Promise.withResolvers` for granted, which Node 20 does not have. To be imported before it.
 */

Promise.withResolvers ??= () => {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};
