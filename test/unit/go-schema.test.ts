/** The fields of kinds as the Go sources of the Kubernetes API declare them, in the notation of the schema tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPackage, SchemaWriter, type Place } from '../../scripts/go-schema.ts';

const meta = `
type Time struct {
}
// A reference.
// +structType=atomic
type OwnerReference struct {
	UID types.UID \`json:"uid" protobuf:"bytes,4,opt,name=uid"\`
}
type TypeMeta struct {
	Kind string \`json:"kind,omitempty"\`
}
`;

const core = `
import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PullPolicy describes a policy.
type PullPolicy string

type ResourceList map[ResourceName]resource.Quantity

type Reference struct {
	Name string \`json:"name,omitempty" protobuf:"bytes,1,opt,name=name"\`
}

type Thing struct {
	metav1.TypeMeta \`json:",inline"\`
	// The name.
	Name string \`json:"name" protobuf:"bytes,1,opt,name=name"\`
	Reference \`json:",inline" protobuf:"bytes,2,opt,name=reference"\`
	// +optional
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +patchMergeKey=port
	Ports []Port \`json:"ports,omitempty" patchStrategy:"merge" patchMergeKey:"port" protobuf:"bytes,3,rep,name=ports"\`
	Policy *PullPolicy \`json:"policy,omitempty" protobuf:"bytes,4,opt,name=policy"\`
	Started *metav1.Time \`json:"started,omitempty" protobuf:"bytes,5,opt,name=started"\`
	Limits ResourceList \`json:"limits,omitempty" protobuf:"bytes,6,rep,name=limits"\`
	// +required
	Owner metav1.OwnerReference \`json:"owner,omitempty" protobuf:"bytes,7,opt,name=owner"\`
	Source Port \`json:"source,omitempty" patchStrategy:"retainKeys" protobuf:"bytes,8,opt,name=source"\`
	// Args.
	Args []string \`json:"args,omitempty" protobuf:"bytes,9,rep,name=args"\`
	Hidden string \`json:"-"\`
}
`;

test('kinds are written with required and optional fields, numbers, merge keys and embedded parts', () => {
  const place: Place = { alias: 'core', sources: readPackage([core]) };
  const home: Place = { alias: 'meta', sources: readPackage([meta]) };
  const writer = new SchemaWriter(
    new Map([
      ['io.k8s.api.core.v1', place],
      ['io.k8s.apimachinery.pkg.apis.meta.v1', home],
    ]),
  );
  assert.deepEqual(writer.kind(place, 'Thing').split(/\n? +/), [
    'Thing',
    'apiVersion:string',
    'args#9:[string|atomic]',
    'kind:string',
    'limits#6:{quantity}',
    'name!#1:string',
    'name#2.1:string',
    'owner!#7:meta/OwnerReference',
    'policy*#4:string',
    'ports#3:[Port|map=port+protocol|merge=port]',
    'source#8:Port~retainKeys',
    'started#5:time',
  ]);
  assert.equal(writer.kind(home, 'OwnerReference'), 'OwnerReference (atomic)\n  uid!#4:string');
  assert.throws(() => writer.kind(place, 'Nothing'), /no kind core\/Nothing/);
});
