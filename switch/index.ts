/**
 * @module The switch's public surface, without a platform: `meshwright/switch` adds Node's.
 */
export { Hosted } from './hosted.js';
export type { HashnameCallbacks, HashnameFlags, HashnameInstallation } from './hosted-options.js';
export { type Line, Remote } from './remote.js';
export type { ServiceRecord, ServiceRecords, Space, SpaceInstallation } from './spaces.js';
export type { HashnameState } from './states.js';
export { SwitchHost, type SwitchPorts } from './switch.js';
export type { HashnameEntry, HostedTables, SpaceEntry } from './tables.js';
