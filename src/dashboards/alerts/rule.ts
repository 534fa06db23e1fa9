/** Of the runbooks: P1 nothing usable, P2 partly installed or in danger, P3 usable with trouble, P4 minor. */
export type Severity = 'P1' | 'P2' | 'P3' | 'P4';

/**
 * One alert: fires for each series of `expr` whose value is above or below the threshold. Prometheus, Mimir, Grafana and
 * the documentation are all made from this.
 */
export interface AlertRule {
  /** Name of the alert, and of its page in docs/runbooks. */
  name: string;
  severity: Severity;
  /** PromQL of the value, without the comparison. */
  expr: string;
  above?: number;
  below?: number;
  /** How long it must hold, as Prometheus writes durations; none: at once. */
  hold?: string;
  /** One line with `{{ $labels.NAME }}` of the labels below. */
  summary: string;
  /** When it fires, for the documentation. */
  condition: string;
  /** What makes it stop. */
  resolves: string;
  labels: readonly string[];
}
