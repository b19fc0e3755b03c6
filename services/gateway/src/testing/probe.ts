import {
  create,
  createFileRegistry,
  type FileRegistry,
  fromJson,
  type JsonObject,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  type FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { registry } from '@midas/kit';

type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const field = (name: string, number: number, type: Type, more: Field = {}): Field => ({
  name,
  number,
  type,
  label: Label.OPTIONAL,
  jsonName: name,
  ...more,
});
const message = (name: string, number: number, typeName: string, more: Field = {}): Field =>
  field(name, number, Type.MESSAGE, { typeName, ...more });
const list: Field = { label: Label.REPEATED };

const method = (name: string, input: string, output: string, http: JsonObject, more: JsonObject = {}) => ({
  name,
  inputType: `.midas.probe.v1.${input}`,
  outputType: `.midas.probe.v1.${output}`,
  clientStreaming: more.in === 'stream',
  serverStreaming: more.out === 'stream',
  options: methodOptions(http, more.access ?? { permission: { action: 'try', subject: 'Probe' } }),
});

function methodOptions(http: JsonObject, access: unknown) {
  const options = create(MethodOptionsSchema);
  for (const [name, json] of [
    ['google.api.http', http],
    ['midas.contract.v1.access', access],
  ] as const) {
    const extension = registry.getExtension(name);
    if (extension?.message === undefined) throw new Error(`no extension ${name}`);
    setExtension(options, extension, fromJson(extension.message, json as JsonObject));
  }
  return options;
}

const probeFile = create(FileDescriptorProtoSchema, {
  name: 'midas/probe/v1/probe.proto',
  package: 'midas.probe.v1',
  syntax: 'proto3',
  dependency: ['google/protobuf/timestamp.proto', 'google/protobuf/field_mask.proto'],
  enumType: [
    {
      name: 'Colour',
      value: [
        { name: 'COLOUR_UNSPECIFIED', number: 0 },
        { name: 'COLOUR_RED', number: 1 },
      ],
    },
  ],
  messageType: [
    {
      name: 'Probe',
      field: [
        field('probe_id', 1, Type.STRING),
        field('text', 2, Type.STRING),
        field('count', 3, Type.INT32),
        field('big', 4, Type.INT64),
        field('ratio', 5, Type.DOUBLE),
        field('yes', 6, Type.BOOL),
        field('colour', 7, Type.ENUM, { typeName: '.midas.probe.v1.Colour' }),
        message('at', 8, '.google.protobuf.Timestamp'),
        message('inner', 9, '.midas.probe.v1.Inner'),
        message('inners', 10, '.midas.probe.v1.Inner', list),
        field('tags', 11, Type.STRING, list),
        field('data', 12, Type.BYTES),
        field('masked_fields', 13, Type.STRING, list),
        field('small', 14, Type.UINT32),
      ],
    },
    {
      name: 'Inner',
      field: [field('name', 1, Type.STRING), field('on', 2, Type.BOOL), field('lines', 3, Type.STRING, list)],
    },
    { name: 'GetProbeRequest', field: [field('probe_id', 1, Type.STRING)] },
    {
      name: 'PatchProbeRequest',
      field: [
        field('probe_id', 1, Type.STRING),
        field('text', 2, Type.STRING),
        message('inner', 3, '.midas.probe.v1.Inner'),
        message('update_mask', 4, '.google.protobuf.FieldMask'),
      ],
    },
    {
      name: 'Piece',
      field: [
        field('feed_id', 1, Type.STRING),
        field('content_type', 2, Type.STRING),
        field('data', 3, Type.BYTES),
      ],
    },
    {
      name: 'Received',
      field: [field('feed_id', 1, Type.STRING), field('size', 2, Type.INT32), field('pieces', 3, Type.INT32)],
    },
  ],
  service: [
    {
      name: 'ProbeService',
      method: [
        method('MakeProbe', 'Probe', 'Probe', { post: '/v1/probes', body: '*' }),
        method('GetProbe', 'GetProbeRequest', 'Probe', { get: '/v1/probes/{probe_id}' }),
        method('FindProbes', 'Probe', 'Probe', { get: '/v1/probes' }, { access: { public: true } }),
        method('ChangeProbe', 'PatchProbeRequest', 'Probe', { patch: '/v1/probes/{probe_id}', body: '*' }),
        method('StartProbe', 'GetProbeRequest', 'Probe', { post: '/v1/probes/{probe_id}:start', body: '*' }),
        method(
          'SendFeed',
          'Piece',
          'Received',
          { post: '/v1/feeds/{feed_id}:send', body: 'data' },
          { in: 'stream' },
        ),
        method(
          'TakeFeed',
          'GetProbeRequest',
          'Piece',
          { get: '/v1/feeds/{probe_id}:take' },
          { out: 'stream' },
        ),
      ],
    },
  ],
});

/** The contract with a service more, `midas.probe.v1`, that has every shape the product does not use yet. */
export function probeRegistry(): FileRegistry {
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...contractFiles().file, probeFile] }));
}

function contractFiles(): FileDescriptorSet {
  const files = [...registry.files].map((file) => file.proto);
  return create(FileDescriptorSetSchema, { file: files });
}
