import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import { asNobody, nested, toUnreachable, withoutRoutes, withSmallDisk } from './ground-lines.ts';
import type { Peers } from './peers.ts';

/** No disk here has quotas: the kernel's answer is put in by strace. */
const OVER_QUOTA = 'strace -f -o trace -P $PWD/file -e inject=write,pwrite64,pwritev:error=EDQUOT';
/** Nor can packets be lost here. */
const LOST = 'strace -f -o trace -e inject=connect:error=ETIMEDOUT';
const CONNECT = node("net.connect(80, '192.0.2.1')");
const BROKEN_PIPE =
  "const child = child_process.spawn('sh', ['-c', 'exec <&-; sleep 2']); setTimeout(() => child.stdin.write('text'), 1000)";

/** Node.js and undici: an error that nobody caught, as Node prints it. */
export function nodeCases(peers: Peers): readonly Case[] {
  const { web, closed, silent, reset, half, stall, selfSigned, expired, otherName } = peers;
  return [
    one('refused', 'network_reset', fetched(`http://${closed}`)),
    one('reset', 'network_reset', fetched(`http://${reset}`)),
    one('half', 'network_reset', fetched(`http://${half}`)),
    one('unreachable', 'network_reset', toUnreachable(nested(CONNECT))),
    one('no-route', 'network_reset', withoutRoutes(nested(CONNECT))),
    one('broken-pipe', 'network_reset', node(BROKEN_PIPE)),
    one('dns', 'dns', fetched('http://no-such-host.invalid')),
    one('dns-unanswered', 'dns', withoutRoutes(nested(fetched('http://example.org')))),
    one('lost', 'network_timeout', `${LOST} ${CONNECT}`),
    one('lost-undici', 'network_timeout', undici('connect: { timeout: 500 }', `https://${silent}`)),
    one('silent-headers', 'network_timeout', undici('headersTimeout: 500', `http://${silent}`)),
    one('stalled-body', 'network_timeout', undici('bodyTimeout: 500', `http://${stall}`)),
    one('signal-timeout', 'network_timeout', fetched(`http://${silent}`, ', { signal: AbortSignal.timeout(500) }')),
    one('aborted', 'cancelled', fetched(`http://${silent}`, ', { signal: AbortSignal.abort() }')),
    one('self-signed', 'tls', asked(selfSigned)),
    one('unknown-authority', 'tls', asked(otherName)),
    one('expired', 'tls', `NODE_EXTRA_CA_CERTS=ca.crt ${asked(expired)}`),
    one('other-name', 'tls', `NODE_EXTRA_CA_CERTS=ca.crt ${asked(otherName)}`),
    one('no-tls', 'tls', asked(web)),
    one('no-tls-undici', 'tls', fetched(`https://${web}`)),
    one('disk-full', 'disk_full', withSmallDisk(nested(node("fs.writeFileSync('small/file', Buffer.alloc(99999))")))),
    one('disk-full-code', 'disk_full', withSmallDisk(nested(onlyCode('small/file')))),
    one('quota', 'disk_full', `${OVER_QUOTA} ${node("fs.writeFileSync('file', 'text')")}`, 'touch file'),
    one('missing-file', 'not_found', node("fs.readFileSync('no-such-file')")),
    one('missing-program', 'not_runnable', node("child_process.spawn('no-such-program')")),
    one('not-executable', 'not_runnable', node("child_process.spawn('./file')"), 'echo text >file'),
    one('no-right', 'unauthorized', asNobody(nested(onlyCode('/etc/file')))),
    one('not-permitted', 'unauthorized', asNobody(node('process.setuid(0)'))),
    one(
      'busy',
      'lock_held',
      node("fs.writeFileSync('program', 'text')"),
      'cp /bin/sleep program; ./program 9 & sleep 1',
    ),
    one('not-empty', 'broken_state', node("fs.renameSync('new', 'old')"), 'mkdir new old; touch old/file'),
    one('bug', 'unknown', node('null.length')),
  ];
}

function one(what: string, errorClass: ErrorClass, run: string, before?: string): Case {
  return { name: `node-${what}`, class: errorClass, run, ...(before === undefined ? {} : { before }) };
}

function node(script: string): string {
  return `node -e "${script}"`;
}

/** A program that shows the code of an error and not its message. */
function onlyCode(path: string): string {
  return node(
    `fs.writeFile('${path}', Buffer.alloc(99999), ({ code }) => { console.error({ code }); process.exit(1); })`,
  );
}

function fetched(url: string, options = ''): string {
  return node(`fetch('${url}'${options}).then((answer) => answer.text())`);
}

function asked(address: string): string {
  return node(`https.get('https://${address}')`);
}

function undici(option: string, url: string): string {
  const agent = `new undici.Agent({ ${option} })`;
  return node(
    `const undici = require('undici'); undici.request('${url}', { dispatcher: ${agent} }).then((answer) => answer.body.text())`,
  );
}
