import { close, closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder, writeTemporary } from '../system/durable-file.ts';

/**
 * Zeros behind the last record: a sync of bytes that lie within the file need not wait for the file system's own journal,
 * which records a new size, and costs half as much.
 */
const ROOM_BYTES = 64 * 1024;

/**
 * A disk that answered sooner than this is asked on this thread the next time: to wake another one, and be woken by it,
 * takes as long again. A slower one must not hold up signals and terminal.
 */
const PROMPT_MS = 1;

const dataSync = promisify(fdatasync);
const closeFile = promisify(close);

/** A new file that waits to take the journal's place. */
interface Swap {
  temporary: string;
  length: number;
  carry: readonly string[];
  done: PromiseWithResolvers<void>;
}

/**
 * Appends lines to a journal file with group commit: what arrives while one fdatasync is under way is written
 * together and made durable by the next. The first failure is final: after a failed fsync nobody knows what the disk
 * holds, so nothing is tried again.
 */
export class JournalWriter {
  readonly #path: string;
  #fd: number | undefined;
  /** Bytes of records in the file; behind them it holds zeros, up to `#size`. */
  #length = 0;
  #size = 0;
  #unwritten: string[] = [];
  #waiters: PromiseWithResolvers<void>[] = [];
  /** Lines since the last base was taken, while a new file is being made. */
  #carry: string[] | undefined;
  #swap: Swap | undefined;
  /** Something was written that no fdatasync has covered yet. */
  #dirty = false;
  /** How long the last fdatasync took. */
  #syncMs = Number.POSITIVE_INFINITY;
  #busy = false;
  #failure: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes of records in the file; undefined when none is open. */
  get length(): number | undefined {
    return this.#fd === undefined ? undefined : this.#length;
  }

  /** Goes on with a file that is known to be whole: records, then nothing but zeros. @param length bytes of records */
  open(length: number): void {
    this.#fd = openSync(this.#path, 'r+');
    this.#length = length;
    this.#size = fstatSync(this.#fd).size;
  }

  append(line: string): void {
    this.#unwritten.push(line);
    this.#carry?.push(line);
  }

  /** Hands everything appended so far to the kernel: it survives the end of this process, not yet a power cut. */
  write(): Promise<void> {
    // While the file is being exchanged, the old one is the wrong place.
    if (this.#fd === undefined || this.#swap !== undefined || this.#failure !== undefined) return this.commit();
    try {
      this.#writeOut(this.#fd);
      return Promise.resolve();
    } catch (thrown) {
      this.#fail(thrown);
      return Promise.reject(thrown);
    }
  }

  /** Resolves when everything appended so far would survive a power cut. */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const waiter = Promise.withResolvers<void>();
    this.#waiters.push(waiter);
    this.#wake();
    return waiter.promise;
  }

  /**
   * Starts to remember what is appended from now on: the caller takes a base of this moment, to be given to
   * {@link replace} later.
   */
  mark(): void {
    this.#carry = [];
  }

  /**
   * Puts a new file in the place of the old one: `base`, then every line appended since the mark. Lines from before it
   * are part of the base. Old or new, a whole file is there at any moment.
   */
  async replace(base: string): Promise<void> {
    const temporary = await writeTemporary(this.#path, withRoom(Buffer.from(base)));
    const done = Promise.withResolvers<void>();
    this.#swap = { temporary, length: Buffer.byteLength(base), carry: this.#carry ?? [], done };
    this.#wake();
    return done.promise;
  }

  /** After the last commit. Never throws: what was acknowledged is durable already. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #wake(): void {
    if (this.#busy) return;
    this.#busy = true;
    // After all that has happened until now: the end of one step shares a commit with the start of the next, and with
    // what other steps have to say.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#swap !== undefined || (this.#waiters.length > 0 && this.#fd !== undefined)) {
        if (this.#swap !== undefined) await this.#exchange(this.#swap);
        else await this.#commitBatch(this.#fd as number);
      }
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#busy = false;
    }
  }

  async #commitBatch(fd: number): Promise<void> {
    const waiters = this.#waiters;
    this.#waiters = [];
    try {
      this.#writeOut(fd);
      if (this.#dirty) await this.#sync(fd);
    } catch (thrown) {
      for (const waiter of waiters) waiter.reject(thrown);
      throw thrown;
    }
    for (const waiter of waiters) waiter.resolve();
  }

  #writeOut(fd: number): void {
    if (this.#unwritten.length === 0) return;
    const bytes = Buffer.from(this.#unwritten.join(''));
    this.#unwritten = [];
    const start = this.#length;
    const block = start + bytes.length <= this.#size ? bytes : withRoom(bytes);
    for (let done = 0; done < block.length; ) {
      done += writeSync(fd, block, done, block.length - done, start + done);
    }
    this.#length = start + bytes.length;
    this.#size = Math.max(this.#size, start + block.length);
    this.#dirty = true;
  }

  async #sync(fd: number): Promise<void> {
    // Cleared first: what is written meanwhile needs another one.
    this.#dirty = false;
    const start = performance.now();
    if (this.#syncMs < PROMPT_MS) fdatasyncSync(fd);
    else await dataSync(fd);
    this.#syncMs = performance.now() - start;
  }

  async #exchange({ temporary, length, carry, done }: Swap): Promise<void> {
    const old = this.#fd;
    try {
      const fd = openSync(temporary, 'r+');
      // What was appended before the base was taken is in it; what was appended since is carried over.
      this.#unwritten = [...carry];
      this.#carry = undefined;
      this.#length = length;
      this.#size = length + ROOM_BYTES;
      this.#writeOut(fd);
      if (this.#dirty) await this.#sync(fd);
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
      this.#fd = fd;
      if (old !== undefined) await closeFile(old);
      done.resolve();
    } catch (thrown) {
      done.reject(thrown);
      throw thrown;
    } finally {
      this.#swap = undefined;
    }
  }

  #fail(thrown: unknown): void {
    this.#failure ??= thrown;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(thrown);
  }
}

function withRoom(records: Buffer): Buffer {
  return Buffer.concat([records, Buffer.alloc(ROOM_BYTES)]);
}
