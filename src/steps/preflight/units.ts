/** Sizes are decimal, as on the label of a disk: a machine sold with 4 GB of memory passes `memory_gb: 4`. */
const GB = 1e9;

/** @param bytes a size; @returns `12.3 GB`, or `512 MB` below one gigabyte, rounded down so that it never flatters */
export function formatSize(bytes: number): string {
  return bytes < GB ? `${Math.floor(bytes / 1e6)} MB` : `${Math.floor(bytes / 1e8) / 10} GB`;
}

/** Gigabytes, as thresholds are given, in bytes. */
export function fromGb(gigabytes: number): number {
  return gigabytes * GB;
}
