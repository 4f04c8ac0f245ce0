/**
 * @module Certificates: one private authority and one certificate for both sides of TLS, made anew for every run.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const words = (text) => text.split(' ');

/** The folder with authority.pem, node.pem and node.key. The caller removes it. */
export function makeCertificates() {
  const cwd = mkdtempSync(join(tmpdir(), 'meshwright-bench-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd, stdio: 'pipe' });
  const key = words('-newkey ed25519 -nodes');
  openssl('req', '-x509', ...key, ...words('-days 2 -keyout authority.key -out authority.pem -subj'), '/CN=bench authority');
  openssl('req', ...key, ...words('-keyout node.key -out node.csr -subj /CN=node.test'));
  openssl('x509', '-req', ...words('-in node.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -out node.pem'));
  return cwd;
}
