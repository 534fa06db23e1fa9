import { describe, expect, it } from 'vitest';
import { listImages } from '../../../../src/providers/kind/manifests/list-images.ts';

describe('images of rendered manifests', () => {
  it('are those of containers of any kind, each once, sorted', () => {
    const rendered = `
kind: Pod
spec: {containers: [{name: a, image: z:1}], initContainers: [{image: b:1}]}
---
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: b:1}, {image: c:1}]}}}}}
---
kind: ConfigMap
data: {image: no, text: "containers: [{image: no}]"}
`;
    expect(listImages(rendered)).toEqual(['b:1', 'c:1', 'z:1']);
  });

  it('cannot be told of what is not YAML', () => {
    expect(() => listImages('a: [')).toThrow(/^no valid YAML in the rendered manifests/);
  });
});
