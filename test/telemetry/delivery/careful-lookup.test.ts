import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createCarefulLookup } from '../../../src/telemetry/delivery/careful-lookup.ts';
import { writeFile } from '../../support/cli-files.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const NXDOMAIN = 3;

/** @param answer code of every answer; without one there is none */
async function startNameServer(answer?: number): Promise<Resolver> {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    if (answer === undefined) return;
    const reply = Buffer.from(question);
    // QR, RD, RA and the code: https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1
    reply.writeUInt16BE(0x8180 | answer, 2);
    socket.send(reply, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const resolver = new Resolver({ timeout: answer === undefined ? 200 : 15_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return resolver;
}

/** @returns names that the system was asked for, and what came of it */
async function lookUp(name: string, resolver: Resolver, hosts = ''): Promise<{ asked: string[]; error?: string }> {
  const asked: string[] = [];
  const system: LookupFunction = (asks, _options, callback) => {
    asked.push(asks);
    callback(null, '192.0.2.1', 4);
  };
  const hostsFile = writeFile(await makeTempFolder(), 'hosts', hosts);
  const find = createCarefulLookup({ resolver, system, hostsFile });
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>();
  find(name, {}, resolve);
  const error = await promise;
  return { asked, ...(error === null ? {} : { error: error.message }) };
}

test('the system is asked where a server for names answers, whatever that is', async () => {
  expect(await lookUp('mimir.example', await startNameServer(NXDOMAIN))).toEqual({ asked: ['mimir.example'] });
});

test('the system is not asked where nobody answers: a process could not end meanwhile', async () => {
  const silent = await startNameServer();
  expect(await lookUp('mimir.example', silent)).toEqual({
    asked: [],
    error: 'the name mimir.example cannot be looked up: no server for names answers',
  });
  expect(await lookUp('mimir.example', silent, '192.0.2.7 mimir.example mimir\n')).toEqual({
    asked: ['mimir.example'],
  });
});
