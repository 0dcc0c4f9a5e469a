/*
 * check - drives a running `penstock emulate` with AWS's own SDK for JavaScript.
 *
 *     node check.mjs ENV_FILE
 *
 * ENV_FILE is what `penstock emulate --env-file` has written; the emulator should run at --speed 600. Prints a line
 * for each check and ends with status 1 when one failed. Where the packages lie: NODE_PATH does not work for
 * modules, so install them beside this file (npm install).
 */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import {
  BedrockClient, CreateModelInvocationJobCommand, GetModelInvocationJobCommand, ListModelInvocationJobsCommand,
  StopModelInvocationJobCommand,
} from "@aws-sdk/client-bedrock";
import { BedrockRuntimeClient, ConverseCommand, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand,
  DeleteObjectsCommand, GetBucketLocationCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand,
  ListMultipartUploadsCommand, ListObjectsV2Command, ListPartsCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const environment = {};
for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n")) {
  const match = /^export ([A-Z_]+)=(.*)$/.exec(line);
  if (match) environment[match[1]] = match[2];
}
const options = {
  endpoint: environment.AWS_ENDPOINT_URL,
  region: environment.AWS_REGION,
  credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY },
  maxAttempts: 1,
};
const s3 = new S3Client({ ...options, forcePathStyle: true });
const bedrock = new BedrockClient(options);
// Of all its clients this one speaks HTTP/2 unless told otherwise, and the emulator HTTP/1.1.
const runtime = new BedrockRuntimeClient({ ...options, requestHandler: new NodeHttpHandler() });
const sts = new STSClient(options);
const bucket = environment.PENSTOCK_BUCKET;
const mark = crypto.randomBytes(4).toString("hex");
const RECORDS = 120;

const prompt = (number) => ({
  recordId: `r${String(number).padStart(10, "0")}`,
  modelInput: {
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 200,
    messages: [{ role: "user", content: `Explain package number ${number} to a newcomer, caf\u00e9 \u{1f600}` }],
  },
});

const request = (name, folder) => ({
  jobName: name,
  roleArn: environment.PENSTOCK_ROLE_ARN,
  modelId: "us.anthropic.claude-haiku-4-5-20251001-v1:0",
  inputDataConfig: { s3InputDataConfig: { s3InputFormat: "JSONL", s3Uri: `s3://${bucket}/${folder}/in/a/` } },
  outputDataConfig: { s3OutputDataConfig: { s3Uri: `s3://${bucket}/${folder}/out/` } },
});

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function untilEnded(job) {
  for (let turn = 0; turn < 600; turn++) {
    const seen = await bedrock.send(new GetModelInvocationJobCommand({ jobIdentifier: job }));
    if (["Completed", "Failed", "Stopped", "PartiallyCompleted", "Expired"].includes(seen.status)) return seen;
    await sleep(100);
  }
  throw new Error(`${job} does not end`);
}

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
}

async function putInput(folder) {
  const lines = Array.from({ length: RECORDS }, (_, number) => JSON.stringify(prompt(number)) + "\n");
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}/in/a/x.jsonl`, Body: lines.slice(0, 50).join("") }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}/in/a/y.jsonl`, Body: lines.slice(50).join("") }));
}

const checks = {
  async "who am I"() {
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    assert.match(identity.Account, /^[0-9]{12}$/);
    assert.ok(environment.PENSTOCK_ROLE_ARN.includes(identity.Account));
  },

  async "an object is put, read, headed and deleted"() {
    const Key = `t/${mark}/k \u00e9+&%41?.txt`;
    const put = await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "hello world", ContentType: "text/plain" }));
    assert.equal(put.ETag, '"5eb63bbbe01eeed093cb22bb8f5acdc3"');
    const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode: "ENABLED" }));
    assert.equal(await got.Body.transformToString(), "hello world");
    assert.equal(got.ContentType, "text/plain");
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    assert.equal(head.ContentLength, 11);
    const part = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, Range: "bytes=6-8" }));
    assert.equal(part.ContentRange, "bytes 6-8/11");
    assert.equal(await part.Body.transformToString(), "wor");
    const beyond = await refused(s3.send(new GetObjectCommand({ Bucket: bucket, Key, Range: "bytes=50-" })));
    assert.equal(beyond.$metadata.httpStatusCode, 416);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    const gone = await refused(s3.send(new GetObjectCommand({ Bucket: bucket, Key })));
    assert.equal(gone.name, "NoSuchKey");
    const headless = await refused(s3.send(new HeadObjectCommand({ Bucket: bucket, Key })));
    assert.equal(headless.$metadata.httpStatusCode, 404);
  },

  async "every checksum is taken and checked"() {
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
      const Key = `t/${mark}/sum-${ChecksumAlgorithm}`;
      let sent = {};
      try {
        sent = await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "123456789", ChecksumAlgorithm }));
      } catch (error) {
        /* Without the optional aws-crt package this SDK has no CRC64NVME. */
        if (ChecksumAlgorithm === "CRC64NVME" && !error.$metadata?.httpStatusCode) continue;
        throw error;
      }
      assert.ok(sent[`Checksum${ChecksumAlgorithm}`]);
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode: "ENABLED" }));
      assert.equal(await got.Body.transformToString(), "123456789");
    }
    const bad = await refused(s3.send(new PutObjectCommand({ Bucket: bucket, Key: `t/${mark}/bad`, Body: "x", ChecksumCRC32: "AAAAAA==" })));
    assert.equal(bad.name, "BadDigest");
  },

  async "a put may ask that nothing is there"() {
    const Key = `t/${mark}/once`;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "1", IfNoneMatch: "*" }));
    const again = await refused(s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "2", IfNoneMatch: "*" })));
    assert.equal(again.name, "PreconditionFailed");
    assert.equal(again.$metadata.httpStatusCode, 412);
  },

  async "a listing has pages, folders and odd keys"() {
    const keys = ["a/1", "a/2", "b", "c d+e", "z/\u00fc"].map((key) => `l/${mark}/${key}`);
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
    const seen = [];
    let ContinuationToken;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `l/${mark}/`, MaxKeys: 2, ContinuationToken }));
      seen.push(...page.Contents.map((object) => object.Key));
      ContinuationToken = page.NextContinuationToken;
      assert.equal(page.IsTruncated, Boolean(ContinuationToken));
    } while (ContinuationToken);
    assert.deepEqual(seen, keys);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `l/${mark}/`, Delimiter: "/" }));
    assert.deepEqual(folders.CommonPrefixes.map((row) => row.Prefix), [`l/${mark}/a/`, `l/${mark}/z/`]);
    assert.equal(folders.KeyCount, 4);
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
    assert.equal(deleted.Deleted.length, 5);
    const empty = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `l/${mark}/` }));
    assert.equal(empty.KeyCount, 0);
  },

  async "an upload in parts"() {
    const Key = `t/${mark}/parts.bin`;
    const pieces = [crypto.randomBytes(6 << 20), crypto.randomBytes(5 << 20), crypto.randomBytes(1000)];
    const start = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key, ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }));
    const Parts = [];
    for (const [index, Body] of pieces.entries()) {
      const sent = await s3.send(new UploadPartCommand({ Bucket: bucket, Key, UploadId: start.UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm: "CRC32" }));
      Parts.push({ PartNumber: index + 1, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    }
    const open = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: Key }));
    assert.equal(open.Uploads.length, 1);
    const parts = await s3.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId: start.UploadId }));
    assert.deepEqual(parts.Parts.map((part) => part.Size), [6 << 20, 5 << 20, 1000]);
    const done = await s3.send(new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId: start.UploadId, MultipartUpload: { Parts }, IfNoneMatch: "*" }));
    assert.match(done.ETag, /-3"$/);
    const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode: "ENABLED" }));
    const bytes = Buffer.from(await got.Body.transformToByteArray());
    assert.ok(bytes.equals(Buffer.concat(pieces)));
    const other = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: other.UploadId }));
    const gone = await refused(s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: other.UploadId })));
    assert.equal(gone.name, "NoSuchUpload");
  },

  async "a bucket elsewhere says where"() {
    const head = await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    assert.equal(head.BucketRegion, environment.AWS_REGION);
    await s3.send(new GetBucketLocationCommand({ Bucket: bucket }));
    const other = await refused(s3.send(new ListObjectsV2Command({ Bucket: `${bucket}-elsewhere` })));
    assert.equal(other.name, "PermanentRedirect");
    const none = await refused(s3.send(new ListObjectsV2Command({ Bucket: `${bucket}-nowhere` })));
    assert.equal(none.name, "NoSuchBucket");
  },

  async "a wrong key and a wrong secret are told apart"() {
    const { accessKeyId, secretAccessKey } = options.credentials;
    const wrongSecret = new BedrockClient({ ...options, credentials: { accessKeyId, secretAccessKey: "x" + secretAccessKey } });
    const wrongKey = new BedrockClient({ ...options, credentials: { accessKeyId: "AKIAOTHER", secretAccessKey } });
    assert.equal((await refused(wrongSecret.send(new ListModelInvocationJobsCommand({})))).name, "InvalidSignatureException");
    assert.equal((await refused(wrongKey.send(new ListModelInvocationJobsCommand({})))).name, "UnrecognizedClientException");
  },

  async "a job runs, and its results are read back"() {
    const folder = `j/${mark}`;
    await putInput(folder);
    const body = request(`job-${mark}`, folder);
    body.clientRequestToken = crypto.randomUUID();
    const { jobArn } = await bedrock.send(new CreateModelInvocationJobCommand(body));
    const again = await bedrock.send(new CreateModelInvocationJobCommand(body));
    assert.equal(again.jobArn, jobArn);
    const other = await refused(bedrock.send(new CreateModelInvocationJobCommand({ ...body, timeoutDurationInHours: 30 })));
    assert.equal(other.name, "ConflictException");
    const taken = await refused(bedrock.send(new CreateModelInvocationJobCommand({ ...body, clientRequestToken: crypto.randomUUID() })));
    assert.equal(taken.name, "ValidationException");

    const id = jobArn.split("/")[1];
    const byId = await bedrock.send(new GetModelInvocationJobCommand({ jobIdentifier: id }));
    assert.equal(byId.jobArn, jobArn);
    assert.equal(byId.clientRequestToken, body.clientRequestToken);
    assert.equal(byId.timeoutDurationInHours, 24);
    assert.equal(byId.jobExpirationTime - byId.submitTime, 24 * 3600 * 1000);
    assert.match(byId.modelId, /^arn:aws:bedrock:[a-z0-9-]+:[0-9]{12}:inference-profile\/us\.anthropic/);

    const ended = await untilEnded(jobArn);
    assert.equal(ended.status, "Completed", ended.message);
    if (ended.totalRecordCount !== undefined) {
      /* versions before April 2026 drop the counters */
      assert.equal(ended.totalRecordCount, RECORDS);
      assert.equal(ended.successRecordCount, RECORDS);
    }
    const outputs = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${folder}/out/` }));
    assert.deepEqual(outputs.Contents.map((object) => object.Key),
      ["manifest.json.out", "x.jsonl.out", "y.jsonl.out"].map((name) => `${folder}/out/${id}/${name}`));
    const answers = new Map();
    for (const { Key } of outputs.Contents) {
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const text = await got.Body.transformToString();
      if (Key.endsWith("manifest.json.out")) {
        assert.equal(JSON.parse(text).successRecordCount, RECORDS);
        continue;
      }
      for (const line of text.split("\n").filter((line) => line)) {
        const record = JSON.parse(line);
        answers.set(record.recordId, record);
      }
    }
    assert.equal(answers.size, RECORDS);
    for (let number = 0; number < RECORDS; number++) {
      const sent = prompt(number);
      const record = answers.get(sent.recordId);
      assert.deepEqual(record.modelInput, sent.modelInput);
      assert.match(record.modelOutput.content[0].text, /emulator's own text/);
      assert.ok(record.modelOutput.usage.output_tokens > 0);
    }
  },

  async "jobs are listed by pages, newest first, and one is stopped"() {
    const folder = `s/${mark}`;
    await putInput(folder);
    const arns = [];
    for (let number = 0; number < 5; number++) {
      const { jobArn } = await bedrock.send(new CreateModelInvocationJobCommand(request(`page-${mark}-${number}`, folder)));
      arns.unshift(jobArn);
    }
    const seen = [];
    let nextToken;
    do {
      const page = await bedrock.send(new ListModelInvocationJobsCommand({ nameContains: `page-${mark}`, maxResults: 2, nextToken }));
      seen.push(...page.invocationJobSummaries);
      nextToken = page.nextToken;
    } while (nextToken);
    assert.deepEqual(seen.map((job) => job.jobArn), arns);
    assert.ok(seen.every((job) => job.clientRequestToken === undefined && job.message === undefined));
    const none = await bedrock.send(new ListModelInvocationJobsCommand({ nameContains: `page-${mark}`, submitTimeAfter: new Date(8.64e12) }));
    assert.equal(none.invocationJobSummaries.length, 0);

    await bedrock.send(new StopModelInvocationJobCommand({ jobIdentifier: arns[0] }));
    const stopped = await untilEnded(arns[0]);
    assert.equal(stopped.status, "Stopped");
    const late = await refused(bedrock.send(new StopModelInvocationJobCommand({ jobIdentifier: arns[0] })));
    assert.equal(late.name, "ConflictException");
    const unknown = await refused(bedrock.send(new GetModelInvocationJobCommand({ jobIdentifier: "aaaaaaaaaaaa" })));
    assert.equal(unknown.name, "ResourceNotFoundException");
    for (const arn of arns.slice(1)) await untilEnded(arn);
  },

  async "a model is called in both ways, and a wrong body is refused"() {
    const { modelInput } = prompt(7);
    const call = (body, modelId = "us.anthropic.claude-haiku-4-5-20251001-v1:0") => runtime.send(
      new InvokeModelCommand({ modelId, contentType: "application/json", accept: "application/json", body: JSON.stringify(body) }));
    const said = JSON.parse(new TextDecoder().decode((await call(modelInput)).body));
    assert.match(said.content[0].text, /You wrote about/);
    assert.ok(said.usage.input_tokens > 0 && said.usage.output_tokens > 0);
    const arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0";
    const messages = [{ role: "user", content: [{ text: "Explain package number 7 to a newcomer" }] }];
    const told = await runtime.send(new ConverseCommand({ modelId: arn, messages, inferenceConfig: { maxTokens: 5 } }));
    assert.equal(told.stopReason, "max_tokens");
    assert.equal(told.usage.outputTokens, 5);
    assert.equal(told.output.message.role, "assistant");
    assert.equal((await refused(call({ messages: [] }))).name, "ValidationException");
    assert.equal((await refused(call({}, "nobody.knows-v1:0"))).message, "The provided model identifier is invalid.");
  },

  async "a wrong request is refused, a wrong input fails later"() {
    const folder = `w/${mark}`;
    const wrong = { ...request("under_score", folder) };
    assert.equal((await refused(bedrock.send(new CreateModelInvocationJobCommand(wrong)))).name, "ValidationException");
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}/in/a/x.jsonl`, Body: JSON.stringify(prompt(1)) }));
    const { jobArn } = await bedrock.send(new CreateModelInvocationJobCommand(request(`few-${mark}`, folder)));
    const ended = await untilEnded(jobArn);
    assert.equal(ended.status, "Failed");
    assert.equal(ended.message, "Batch job contains less records (1) than the required minimum of: 100");
  },
};

let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    failures++;
    console.log(`FAILED  ${name}\n${error.stack}\n`);
  }
}
console.log(`${Object.keys(checks).length - failures} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
