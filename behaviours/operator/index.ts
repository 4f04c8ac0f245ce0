/**
 * @module The operator's public surface: what other behaviours and applications may use of it.
 */
export { SpaceAuthority, type Validity } from './membership/authority.js';
export type { CertificateRefusal } from './membership/certificate.js';
export type { DropReason, Trust } from './trust/order.js';
