import type { ErrorClass } from './error-class.ts';

/** One row: what is seen, and the class that it points to. */
export type Evidence = Readonly<{ note?: string }> & (CodeRow | StatusRow | ExitRow | OutputRow | NamingRow);

/** An error's `code` or `name`: errno's, Node's, OpenSSL's, undici's, npm's; of a certain system call where one is given. */
type CodeRow = Readonly<{ code: string | RegExp; syscall?: string; class: ErrorClass }>;
/** The status of an HTTP answer, or the first and the last of a range. */
type StatusRow = Readonly<{ status: number | readonly [number, number]; class: ErrorClass }>;
/** The exit code of a program; of any program where none is named. */
type ExitRow = Readonly<{ program?: string; exit: number; class: ErrorClass }>;
/** Words in the output of a program. They are looked for in every output, since scripts run programs. */
type OutputRow = Readonly<{ program?: string; output: RegExp; class: ErrorClass }>;
/** Words in which a program names a status, a code or an exit code, which is then looked up in its own row. */
type NamingRow = Readonly<{ program?: string; output: RegExp; names: 'status' | 'code' | 'exit' }>;

const STATUS_LINE =
  /\b([45]\d{2}) (?:Unauthorized|Forbidden|Not Found|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)\b/i;

/**
 * The table of evidence. The first row that fits decides; output comes before exit codes, which say less. Each row is
 * exercised by captured output of the real program (test/errors/captured). The words are those of LC_ALL=C.
 */
export const EVIDENCE: readonly Evidence[] = [
  // Codes of errors
  { code: 'ETIMEDOUT', class: 'network_timeout' },
  { code: 'UND_ERR_CONNECT_TIMEOUT', class: 'network_timeout' },
  { code: 'UND_ERR_HEADERS_TIMEOUT', class: 'network_timeout' },
  { code: 'UND_ERR_BODY_TIMEOUT', class: 'network_timeout' },
  { code: 'TimeoutError', class: 'network_timeout', note: 'AbortSignal.timeout' },
  { code: 'AbortError', class: 'cancelled' },
  { code: 'ECONNRESET', class: 'network_reset' },
  { code: 'ECONNREFUSED', class: 'network_reset', note: 'nobody listens, perhaps not yet' },
  { code: 'EPIPE', class: 'network_reset' },
  { code: 'EHOSTUNREACH', class: 'network_reset' },
  { code: 'ENETUNREACH', class: 'network_reset' },
  { code: 'UND_ERR_SOCKET', class: 'network_reset', note: 'closed in the middle of an answer' },
  { code: 'EAI_AGAIN', class: 'dns', note: 'no name server answers' },
  { code: 'ENOTFOUND', class: 'dns', note: 'there is no such name' },
  { code: /^(DEPTH_ZERO_)?SELF_SIGNED_CERT/, class: 'tls' },
  { code: /^UNABLE_TO_(GET|VERIFY)_/, class: 'tls', note: 'an unknown authority' },
  { code: /^CERT_/, class: 'tls', note: 'expired, revoked or not yet valid' },
  { code: /^ERR_TLS_/, class: 'tls', note: 'another name' },
  { code: /^ERR_SSL_/, class: 'tls' },
  { code: 'EPROTO', class: 'tls', note: 'OpenSSL could not speak with the peer' },
  { code: 'ENOSPC', class: 'disk_full' },
  { code: 'Unknown system error -122', class: 'disk_full', note: 'EDQUOT, for which Node.js has no name' },
  { code: 'ETXTBSY', class: 'lock_held', note: 'the program to be replaced is running' },
  { code: 'ENOTEMPTY', class: 'broken_state', note: 'leftovers are in the way' },
  { code: 'ENOENT', syscall: 'spawn', class: 'not_runnable' },
  { code: 'EACCES', syscall: 'spawn', class: 'not_runnable' },
  { code: 'ENOENT', class: 'not_found' },
  { code: 'EACCES', class: 'unauthorized' },
  { code: 'EPERM', class: 'unauthorized' },
  { code: 'EINTEGRITY', class: 'checksum', note: 'npm' },
  { code: 'ETARGET', class: 'not_found', note: 'npm: no such version' },

  // Status of HTTP answers
  { status: 401, class: 'unauthorized' },
  { status: 403, class: 'unauthorized' },
  { status: 404, class: 'not_found' },
  { status: 407, class: 'unauthorized', note: 'the proxy wants a login' },
  { status: 408, class: 'network_timeout' },
  { status: 410, class: 'not_found' },
  { status: 425, class: 'server_error', note: 'too early: to be asked again' },
  { status: 429, class: 'rate_limited' },
  { status: 507, class: 'disk_full', note: "the server's disk" },
  { status: [500, 599], class: 'server_error' },

  // Output: what explains all that follows from it
  { output: /no space left on device/i, class: 'disk_full', note: "libc's words" },
  { output: /disk quota exceeded/i, class: 'disk_full', note: "libc's words" },
  { program: 'apt', output: /You don't have enough free space in/, class: 'disk_full' },
  { program: 'apt', output: /Could not get lock /, class: 'lock_held', note: 'says who holds it' },
  { program: 'dpkg', output: /lock was locked by another process/, class: 'lock_held', note: 'says who holds it' },
  { program: 'git', output: /Unable to create '.*\.lock': File exists/, class: 'lock_held' },
  { program: 'uv', output: /when waiting for lock on/, class: 'lock_held' },
  { output: /text file busy/i, class: 'lock_held', note: 'the program to be replaced is running' },

  // Output: content that is not what was promised
  { program: 'apt', output: /Hash Sum mismatch/, class: 'checksum' },
  { program: 'apt', output: /File has unexpected size/, class: 'checksum', note: 'half an index, or a lying mirror' },
  { program: 'apt', output: /is not signed|couldn't be verified/, class: 'checksum' },
  { program: 'apt', output: /Release file for .* is expired/, class: 'checksum', note: 'a stale mirror' },
  { program: 'dpkg', output: /is not a Debian format archive/, class: 'checksum' },
  { program: 'dpkg', output: /unexpected end of file or stream/, class: 'checksum', note: 'a cut archive' },
  { program: 'pip', output: /DO NOT MATCH THE HASHES/, class: 'checksum' },
  { program: 'pip', output: /Wheel '.*' located at .* is invalid/, class: 'checksum', note: 'a cut or corrupt file' },
  { program: 'uv', output: /Hash mismatch for/, class: 'checksum' },
  { program: 'uv', output: /Failed to read from zip file/, class: 'checksum', note: 'a cut or corrupt file' },
  { program: 'docker', output: /verification failed for digest/, class: 'checksum' },
  { program: 'sha256sum', output: /computed checksums? did NOT match/, class: 'checksum' },
  { program: 'tar', output: /Unexpected EOF in archive/, class: 'checksum' },

  // Output: a state that a repair can mend
  { program: 'dpkg', output: /dpkg was interrupted/, class: 'broken_state', note: 'dpkg --configure -a' },
  { program: 'dpkg', output: /dependency problems - leaving unconfigured/, class: 'broken_state' },
  { program: 'dpkg', output: /parsing file '.*' near line/, class: 'broken_state', note: 'a corrupt database' },
  { program: 'apt', output: /Unmet dependencies/, class: 'broken_state', note: 'apt-get --fix-broken install' },
  { program: 'apt', output: /package cache file is corrupted/, class: 'broken_state', note: 'corrupt package lists' },
  { program: 'apt', output: /Sub-process \S*dpkg returned an error code/, class: 'broken_state' },
  { program: 'pip', output: /RECORD file (was )?(not )?found/, class: 'broken_state', note: 'half an installation' },
  { program: 'git', output: /bad object|object corrupt or missing/, class: 'broken_state' },
  { program: 'git', output: /index file (corrupt|smaller than expected)/, class: 'broken_state' },

  // Output that names a status, a code or an exit code
  { program: 'curl, git', output: /requested URL returned error: (\d{3})/, names: 'status' },
  { program: 'wget', output: /ERROR (\d{3}):/, names: 'status' },
  { program: 'apt', output: /Failed to fetch \S+ +(\d{3}) {2}\w/, names: 'status' },
  { program: 'npm', output: /^npm (?:error|ERR!) code E(\d{3})$/m, names: 'status' },
  { program: 'pip', output: /too many (\d{3}) error responses/, names: 'status' },
  { program: 'pip', output: /\b(\d{3}) (?:Client|Server) Error: /, names: 'status' },
  { output: STATUS_LINE, names: 'status', note: 'docker, and whoever quotes the status line' },
  { program: 'npm', output: /^npm (?:error|ERR!) code (\w+)$/m, names: 'code' },
  { program: 'node', output: /\bcode: '([^']+)'/, names: 'code' },
  { program: 'node', output: /\bDOMException \[(\w+)\]/, names: 'code' },
  { program: 'curl', output: /^curl: \((\d+)\)/m, names: 'exit' },

  // Output: certificates and keys
  { output: /certificate verif(y|ication) failed/i, class: 'tls', note: 'OpenSSL and GnuTLS' },
  { program: 'git', output: /SSL certificate problem|gnutls_handshake\(\) failed/, class: 'tls' },
  { output: /\bx509: /, class: 'tls', note: 'programs in Go: docker, kubectl, kind' },
  { program: 'uv', output: /invalid peer certificate/, class: 'tls' },
  { output: /gave HTTP response to HTTPS client/, class: 'tls', note: 'programs in Go' },
  { program: 'ssh', output: /Host key verification failed/, class: 'tls', note: 'another host than before' },

  // Output: refused, or not there
  { program: 'docker', output: /toomanyrequests/, class: 'rate_limited' },
  { program: 'kubectl', output: /Error from server \(TooManyRequests\)/, class: 'rate_limited' },
  { program: 'kubectl', output: /Error from server \((InternalError|ServiceUnavailable)\)/, class: 'server_error' },
  { program: 'kubectl', output: /Error from server \(Forbidden\)/, class: 'unauthorized' },
  { program: 'kubectl', output: /must be logged in to the server/, class: 'unauthorized' },
  { program: 'kubectl', output: /Error from server \(NotFound\)/, class: 'not_found' },
  { program: 'kubectl', output: /doesn't have a resource type/, class: 'not_found' },
  { program: 'kubectl', output: /the path ".*" does not exist/, class: 'not_found' },
  { program: 'docker', output: /no basic auth credentials/, class: 'unauthorized' },
  { program: 'docker', output: /(access|daemon:) denied\b|denied: requested access/, class: 'unauthorized' },
  { program: 'docker', output: /manifest unknown/, class: 'not_found' },
  { program: 'docker', output: /No such image/, class: 'not_found' },
  { program: 'docker', output: /does not match the specified platform/, class: 'not_found' },
  { program: 'git', output: /could not read Username|Authentication failed/, class: 'unauthorized' },
  { program: 'git', output: /repository '.*' (not found|does not exist)/, class: 'not_found' },
  { program: 'git', output: /Remote branch .* not found|couldn't find remote ref/, class: 'not_found' },
  { program: 'git', output: /pathspec '.*' did not match/, class: 'not_found' },
  { program: 'apt', output: /Unable to locate package/, class: 'not_found' },
  { program: 'apt', output: /has no installation candidate/, class: 'not_found' },
  { program: 'apt', output: /Version '.*' for '.*' was not found/, class: 'not_found' },
  { program: 'dpkg', output: /requires superuser privilege/, class: 'unauthorized' },
  { output: /permission denied/i, class: 'unauthorized', note: "libc's words; ssh: no key fits" },

  // Output: programs that are not there, or are called wrongly
  { program: 'sh', output: /^\S*sh: (\d+: .*: not found|.*: command not found)$/m, class: 'not_runnable' },
  { program: 'bash', output: /Exec format error/, class: 'not_runnable', note: 'made for another machine' },
  { program: 'docker', output: /executable file not found in \$PATH/, class: 'not_runnable' },

  { output: /(unknown|unrecognized|invalid|no such) (option|flag)/i, class: 'not_runnable', note: 'wrong usage' },
  { program: 'uv', output: /unexpected argument '.*' found/, class: 'not_runnable', note: 'wrong usage' },
  {
    program: 'apt, curl',
    output: /option \S+ is (unknown|not understood)/,
    class: 'not_runnable',
    note: 'wrong usage',
  },

  // Output: the network
  { output: /Could not resolve/, class: 'dns', note: 'apt, curl, git, ssh' },
  {
    output: /Name or service not known|Temporary failure (in name resolution|resolving)/,
    class: 'dns',
    note: "libc's words",
  },
  { program: 'wget', output: /unable to resolve host address/, class: 'dns' },
  { output: /: no such host/, class: 'dns', note: 'programs in Go' },
  { output: /\btimed out\b/i, class: 'network_timeout', note: 'libc, pip, kubectl wait and many others' },
  {
    output: /Client\.Timeout exceeded|deadline exceeded|i\/o timeout|handshake timeout/,
    class: 'network_timeout',
    note: 'programs in Go',
  },
  { program: 'npm', output: /network timeout at: /, class: 'network_timeout' },
  { program: 'apt', output: /Connection failed \[IP: /, class: 'network_timeout' },
  { program: 'git', output: /Operation too slow/, class: 'network_timeout' },
  { program: 'kubectl', output: /Error from server \(Timeout\)/, class: 'network_timeout' },
  { output: /connection (refused|reset by peer)/i, class: 'network_reset', note: "libc's words" },
  { output: /no route to host|network is unreachable/i, class: 'network_reset', note: "libc's words" },
  { output: /Remote end closed connection/, class: 'network_reset', note: 'apt, pip' },
  { output: /(: |unexpected )EOF$/m, class: 'network_reset', note: 'programs in Go' },
  { program: 'git', output: /Couldn't connect to server|Empty reply from server/, class: 'network_reset' },
  { program: 'git', output: /transfer closed with/, class: 'network_reset' },
  { program: 'docker', output: /Cannot connect to the Docker daemon/, class: 'network_reset' },
  { program: 'pip', output: /not enough bytes were received/, class: 'network_reset', note: 'part of a file' },
  { program: 'uv', output: /before message (length reached|completed)/, class: 'network_reset' },
  { program: 'uv', output: /No solution found when resolving/, class: 'not_found', note: 'after what led to it' },
  { program: 'pip', output: /No matching distribution found/, class: 'not_found', note: 'after what led to it' },

  // Exit codes
  { program: 'curl', exit: 5, class: 'dns', note: 'of the proxy' },
  { program: 'curl', exit: 6, class: 'dns' },
  { program: 'curl', exit: 7, class: 'network_reset' },
  { program: 'curl', exit: 18, class: 'network_reset', note: 'part of a file' },
  { program: 'curl', exit: 22, class: 'unknown', note: 'a status that `curl -s` does not tell: use `curl -sS`' },
  { program: 'curl', exit: 28, class: 'network_timeout' },
  { program: 'curl', exit: 35, class: 'tls' },
  { program: 'curl', exit: 52, class: 'network_reset', note: 'no answer' },
  { program: 'curl', exit: 56, class: 'network_reset' },
  { program: 'curl', exit: 60, class: 'tls' },
  { program: 'wget', exit: 4, class: 'network_reset' },
  { program: 'wget', exit: 5, class: 'tls' },
  { program: 'wget', exit: 6, class: 'unauthorized' },
  { program: 'wget', exit: 8, class: 'unknown', note: 'a status that `wget -q` does not tell: use `wget -nv`' },
  { program: 'ssh', exit: 255, class: 'network_reset', note: 'no connection, with `ssh -q`' },
  { program: 'apt', exit: 100, class: 'unknown', note: 'any failure: only the output tells' },
  { program: 'git', exit: 128, class: 'unknown', note: 'any failure: only the output tells' },
  { program: 'git', exit: 129, class: 'not_runnable', note: 'wrong usage' },
  { exit: 124, class: 'network_timeout', note: 'timeout(1)' },
  { exit: 126, class: 'not_runnable' },
  { exit: 127, class: 'not_runnable' },
  { exit: 130, class: 'cancelled', note: 'SIGINT' },
  { exit: 143, class: 'cancelled', note: 'SIGTERM' },
  { exit: 137, class: 'unknown', note: 'SIGKILL, often for want of memory' },
];
