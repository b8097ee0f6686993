// Runs as root in a test machine: a container of root's is what lies beyond the host, and a program of a user without
// privileges makes containers that reach it through pasta. Prints one JSON line for each check.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer } from 'containerv';
import { createPolicy } from 'containerv-policy';

const SELF = fileURLToPath(import.meta.url);
const USER = 1000;
const LONGEST_MS = 60_000;
const PORT = 8080;
const REFUSED = 'ConnectionRefusedError';
const policy = createPolicy('build').extend('network');

/** @typedef {import('containerv').Container} Container */
/** @typedef {import('containerv').ContainerOptions} ContainerOptions */

/** Answers by TCP and UDP, and says when it does. */
const SERVER = `
import socket, threading
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('0.0.0.0', ${PORT}))
def echo():
    while True:
        data, sender = udp.recvfrom(100)
        udp.sendto(b'answer', sender)
threading.Thread(target=echo, daemon=True).start()
tcp = socket.create_server(('0.0.0.0', ${PORT}))
print('up', flush=True)
while True:
    connection, _ = tcp.accept()
    connection.sendall(b'answer')
    connection.close()
`;
/** What comes back from there, or the name of what was raised. */
const ASK = `
import socket, sys
kind, address, port = sys.argv[1:]
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    s.settimeout(30)
    s.connect((address, int(port)))
    if kind == 'udp': s.send(b'question')
    print(s.recv(100).decode())
except OSError as error:
    print(type(error).__name__)
`;

/**
 * @param {Container} container
 * @param {'tcp' | 'udp'} kind
 * @param {string} address
 * @param {number} port
 * @returns {Promise<string>}
 */
async function ask(container, kind, address, port) {
  const { stdout } = await container.run('python3', ['-c', ASK, kind, address, String(port)]);
  return stdout.trim();
}

/** @param {Container} container */
async function serve(container) {
  const server = await container.spawn('python3', ['-c', SERVER]);
  await once(/** @type {import('node:stream').Readable} */ (server.stdout), 'data');
}

/** @param {number} port @param {string} address */
async function reach(port, address) {
  const socket = connect(port, address);
  return new Promise((resolve) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code));
  });
}

/** Programs of this user that connect containers, by process id. */
function connections() {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^(pasta|passt)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'));
    } catch {
      return false;
    }
  });
}

/** @param {() => boolean} condition */
async function eventually(condition) {
  const end = Date.now() + LONGEST_MS;
  while (!condition()) {
    assert.ok(Date.now() < end, 'in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * @param {NonNullable<Exclude<ContainerOptions['network'], string>>} network
 * @param {(container: Container) => Promise<void>} use
 * @param {ContainerOptions} [options]
 */
async function within(network, use, options = {}) {
  const container = await createContainer({ policy, network, ...options });
  try {
    await use(container);
  } finally {
    await container.destroy();
  }
  assert.deepEqual(connections(), [], 'nothing is left');
}

/** @type {Record<string, (outside: string) => Promise<void>>} */
export const CHECKS = {
  'what lies beyond the host is reached, by TCP and UDP': async (outside) =>
    within({}, async (container) => {
      assert.equal(container.enforced.network, 'private');
      assert.equal(await ask(container, 'tcp', outside, PORT), 'answer');
      assert.equal(await ask(container, 'udp', outside, PORT), 'answer');
    }),
  'no address of the host is': async () => {
    const server = createServer((socket) => socket.end('host')).listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const addresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    assert.ok(addresses.length >= 3, addresses.join(' '));
    try {
      // By default it has the host's address itself.
      await within({ containerIp: '10.77.0.5' }, async (container) => {
        for (const address of addresses)
          assert.equal(await ask(container, 'tcp', address, port), REFUSED, address);
      });
    } finally {
      server.close();
    }
  },
  '`egress` holds': async (outside) => {
    await within({ egress: [] }, async (container) => {
      assert.equal(await ask(container, 'tcp', outside, PORT), REFUSED);
      assert.equal(await ask(container, 'udp', outside, PORT), 'PermissionError');
    });
    await within({ egress: [{ address: outside, ports: [PORT], protocol: 'tcp' }] }, async (container) => {
      assert.equal(await ask(container, 'tcp', outside, PORT), 'answer');
      assert.equal(await ask(container, 'udp', outside, PORT), 'PermissionError');
    });
  },
  'ports are published where they were asked for and nowhere else': async () => {
    const uplink = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    await within({ ports: [{ host: 18080, container: PORT, hostIp: '127.0.0.1' }] }, async (container) => {
      await serve(container);
      assert.equal(await reach(18080, '127.0.0.1'), 'answer');
      assert.equal(await reach(18080, uplink?.address ?? ''), 'ECONNREFUSED');
      assert.doesNotMatch(readFileSync('/proc/net/udp', 'utf8'), /:46A0 /);
    });
  },
  'a port that is taken on one of all addresses is refused': async () => {
    const taken = createServer().listen(18081, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const made = within({ ports: [{ host: 18081, container: 1 }] }, async () => {});
      await assert.rejects(made, { code: 'ERR_CONTAINERV_NETWORK', errno: 'EADDRINUSE' });
    } finally {
      taken.close();
    }
    assert.deepEqual(connections(), []);
  },
  'it is there again after a stop and a start': async (outside) =>
    within({}, async (container) => {
      await container.stop({ timeout: 0 });
      assert.deepEqual(connections(), []);
      await container.start();
      assert.equal(await ask(container, 'tcp', outside, PORT), 'answer');
    }),
  'when it is lost, that is said': async () =>
    within({}, async (container) => {
      /** @type {string[]} */
      const warnings = [];
      container.on('warning', ({ message }) => void warnings.push(message));
      for (const pid of connections()) process.kill(Number(pid), 'SIGKILL');
      // A container keeps no program alive that only listens.
      await eventually(() => warnings.length > 0);
      assert.match(warnings.join(), /network of the container is gone/);
    }),
  'it ends with whoever made the container': async () => {
    const child = spawn(process.execPath, [SELF, 'made-and-held'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    assert.equal(connections().length, 1);
    child.kill('SIGKILL');
    await eventually(() => connections().length === 0);
  },
  'it stays with a detached container, and ends with that': async () => {
    const child = spawnSync(process.execPath, [SELF, 'detached'], { encoding: 'utf8' });
    const { joinContainer } = await import('containerv');
    const container = await joinContainer(child.stdout.trim());
    assert.equal(connections().length, 1);
    await container.destroy();
    await eventually(() => connections().length === 0);
  },
};

async function asUser() {
  const [, , mode, outside = ''] = process.argv;
  if (mode === 'made-and-held') {
    await createContainer({ policy, network: {} });
    console.log('made');
    process.stdin.resume();
  } else if (mode === 'detached') {
    console.log((await createContainer({ policy, network: {}, detached: true })).id);
  } else {
    for (const [name, check] of Object.entries(CHECKS)) {
      const failure = await check(outside).then(
        () => null,
        (error) => `${error.stack}${error.hint === undefined ? '' : `\n${error.hint}`}`,
      );
      console.log(JSON.stringify({ name, failure }));
    }
  }
}

async function asRoot() {
  const beyond = await createContainer({ policy, network: { containerIp: '10.99.0.2', nat: false } });
  await serve(beyond);
  const home = mkdtempSync(path.join(tmpdir(), 'user-'));
  chownSync(home, USER, USER);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    CONTAINERV_STATE_DIR: path.join(home, 'state'),
    CONTAINERV_DATA_DIR: path.join(home, 'data'),
  };
  const user = spawn(process.execPath, [SELF, 'checks', '10.99.0.2'], {
    uid: USER,
    gid: USER,
    env,
    stdio: 'inherit',
  });
  const [status] = await once(user, 'exit');
  await beyond.destroy();
  process.exitCode = status ?? 1;
}

if (process.argv[1] === SELF) await (process.getuid?.() === 0 ? asRoot() : asUser());
