"""stranger - somebody else with the same account: puts and deletes objects, leaves uploads open, creates jobs

Small on purpose, and nothing of the program in it: the signature is written from AWS's own description.

    other = Stranger(emulator)
    other.put("t/x/in/j00000001-a1/more.jsonl", b"...")
    other.create_job(jobName="x-j00000001-a1", ...)
"""
import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()


class Stranger:
    def __init__(self, emulator):
        self.emulator = emulator

    # --- what it does ---

    def put(self, key, body, **headers):
        status, said = self.call("s3", "PUT", self.path(key), body=body, headers=headers)
        assert status == 200, (status, said)

    def get(self, key):
        status, said = self.call("s3", "GET", self.path(key))
        assert status == 200, (status, said)
        return said

    def delete(self, key):
        status, said = self.call("s3", "DELETE", self.path(key))
        assert status == 204, (status, said)

    def open_upload(self, key):
        status, said = self.call("s3", "POST", self.path(key), {"uploads": ""})
        assert status == 200, (status, said)

    def create_job(self, **body):
        status, said = self.call("bedrock", "POST", "/model-invocation-job", body=json.dumps(body).encode(),
                                 headers={"content-type": "application/json"})
        assert status == 200, (status, said)
        return json.loads(said)["jobArn"]

    def job_like(self, request, **changes):
        """A job as `request` (the JSON text of a create) asks for, but for the changes."""
        return self.create_job(**{**json.loads(request), **changes})

    def invoke(self, model, body, operation="invoke"):
        """Status and body of a call on demand; None where the connection closes without an answer."""
        path = "/model/%s/%s" % (urllib.parse.quote(model, safe="-._~"), operation)
        try:
            status, said = self.call("bedrock", "POST", path, body=json.dumps(body).encode(),
                                     headers={"content-type": "application/json"})
        except (http.client.HTTPException, ConnectionError):
            return None, b""
        return status, said

    # --- how ---

    def path(self, key):
        return "/%s/%s" % (self.emulator.env["PENSTOCK_BUCKET"], urllib.parse.quote(key, safe="/-._~"))

    def call(self, service, method, path, query=None, body=b"", headers=None):
        env = self.emulator.env
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest() if body else EMPTY_DIGEST
        sent = {"host": "127.0.0.1:%d" % self.emulator.port, "x-amz-date": now, "x-amz-content-sha256": digest,
                **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
        text = urllib.parse.urlencode(sorted((query or {}).items()), quote_via=urllib.parse.quote)
        names = ";".join(sorted(sent))
        # S3 signs the path as it is sent; the others encode it once more.
        signed_path = path if service == "s3" else urllib.parse.quote(path, safe="/-._~")
        canonical = "\n".join([method, signed_path, text, *("%s:%s" % (name, sent[name]) for name in sorted(sent)), "", names, digest])
        scope = "%s/%s/%s/aws4_request" % (now[:8], env["AWS_REGION"], service)
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + env["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        sent["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            env["AWS_ACCESS_KEY_ID"], scope, names, signature)
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=60)
        try:
            connection.putrequest(method, path + ("?" + text if text else ""), skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
