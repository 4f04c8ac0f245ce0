/** @module A switch that finds operators by the service records of a DNS server, and dials them by the names that it finds. */
import { expect } from 'chai';
import type { NetworkError } from '../../index.js';
import { type Hosted, Switch } from '../../switch.js';
import { TcpTransport } from '../../transports/tcp/index.js';
import { NameServer } from '../name-server.js';

const SPACE = 'shop.example';
const SERVICE = `_meshwright._tcp.${SPACE}`;
/** Names are asked of the name server, too, and not of the system. */
const node = { logger: 'silent', transports: [new TcpTransport({ resolver: 'dns' })] } as const;

describe('a switch and a name server', () => {
  const switches: Switch[] = [];
  let server: NameServer | undefined;
  const made = () => {
    const one = new Switch();
    switches.push(one);
    return one;
  };
  afterEach(async () => {
    server?.stop();
    await Promise.all(switches.splice(0).map((each) => each.stop()));
  });

  async function operatorOf(): Promise<Hosted> {
    const office = made();
    await office.installSpace({ name: SPACE });
    return office.install({ space: SPACE, listen: ['tcp://127.0.0.1:0'], node }, { operator: true });
  }
  const targetOf = ({ hashname }: Hosted, host: string) => `${hashname.slice(0, 32)}.${hashname.slice(32)}.${host}`;
  const portOf = ({ addresses }: Hosted) => addresses[0]?.port as number;

  it('finds its operators by their service records, in their order, and connects to them by name (TH-07)', async () => {
    const [first, second] = [await operatorOf(), await operatorOf()];
    const targets = [targetOf(first, 'office.example'), targetOf(second, 'Branch.example')] as const;
    server = await NameServer.start({
      [SERVICE]: {
        srv: [
          { priority: 20, weight: 9, port: portOf(second), target: targets[1] },
          { priority: 1, weight: 1, port: 9, target: 'mail.example' },
          { priority: 10, weight: 1, port: portOf(first), target: targets[0] },
        ],
      },
      [targets[0]]: { a: ['127.0.0.1'] },
      [targets[1].toLowerCase()]: { a: ['127.0.0.1'] },
    });
    const hub = made();
    const { operators } = await hub.installSpace({ name: SPACE, operators: 'dns' });
    expect(operators.map(({ nodeId, port }) => [nodeId, port])).to.deep.equal([first, second].map((each) => [each.hashname, portOf(each)]));
    expect(server.asked).to.deep.equal([`SRV ${SERVICE}`]);

    const member = await hub.install({ space: SPACE, listen: ['tcp://127.0.0.1:0'], node });
    await Promise.all([first, second].map(({ hashname }) => member.node.whenConnected(hashname)));
    expect(server.asked).to.include.members([`A ${targets[0]}`, `A ${targets[1].toLowerCase()}`]);
    const other = await hub.install({ space: SPACE, listen: ['tcp://127.0.0.1:0'], node });
    await first.node.whenConnected(other.hashname);
    expect((await member.lookUp(other.hashname)).key, 'an operator knows').to.have.lengthOf(32);
  });

  it('rejects where the name does not exist, has no service records, or none that names a hashname', async () => {
    server = await NameServer.start({
      [SERVICE]: {},
      '_meshwright._tcp.plain.example': { srv: [{ priority: 1, weight: 1, port: 7_400, target: 'host.plain.example' }] },
    });
    const failure = async (name: string) => {
      const error = (await made()
        .installSpace({ name, operators: 'dns' })
        .catch((cause: unknown) => cause)) as NetworkError;
      return [error.code, error.message, error.details['host']];
    };
    const none = (name: string, code: string) => ['HOST_UNRESOLVED', `no service records of ${name}: ${code}`, name];
    expect(await failure('absent.example')).to.deep.equal(none('_meshwright._tcp.absent.example', 'ENOTFOUND'));
    expect(await failure(SPACE)).to.deep.equal(none(SERVICE, 'ENODATA'));
    const [code, text] = await failure('plain.example');
    expect([code, text]).to.deep.equal([
      'HOST_UNRESOLVED',
      'no service record of _meshwright._tcp.plain.example names a hashname: its target has to begin with it, as two labels of 32 hex digits',
    ]);
  });
});
