declare module 'fs-native-extensions' {
  const native: {
    /** False when another open file holds a lock that excludes this one. A length of 0 is the whole file. */
    tryLock(fd: number, offset: number, length: number, options: { shared: boolean }): boolean;
  };
  export default native;
}
