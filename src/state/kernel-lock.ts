/** Whole-file locks that the kernel frees when their file is closed, also by the end of the process. */
export interface KernelLocks {
  /** True when the lock is ours now; shared locks exclude exclusive ones only. */
  tryLock(fd: number, shared?: boolean): boolean;
}

/** The system's file locks; undefined on a platform for which no native module exists. */
export async function loadKernelLocks(): Promise<KernelLocks | undefined> {
  try {
    const { default: native } = await import('fs-native-extensions');
    return { tryLock: (fd, shared = false) => native.tryLock(fd, 0, 0, { shared }) };
  } catch {
    return undefined;
  }
}
