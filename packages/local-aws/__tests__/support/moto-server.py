"""moto's server for the tests: one request at a time, and never an event source.

usage: python3 moto-server.py

Prints its URL on standard output once it listens, and ends when its standard input closes, so that it
cannot outlive a test run that was killed.

One request at a time, because moto's backends are plain dictionaries that its threads share: Terraform's
ten concurrent workers lose updates in them. A long poll is answered by short polls that let go of the lock.
"""

import io
import json
import logging
import os
import sys
import threading
import time

from moto.awslambda.models import LambdaBackend
from moto.dynamodb.models import dynamodb_backends
from moto.efs.responses import EFSResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import Queue, sqs_backends
from werkzeug.serving import WSGIRequestHandler, make_server

SHORT_POLL_SECONDS = 0.05


class OneAtATime:
    """Serialises a WSGI application. The body is read before the lock is taken: a slow client holds nobody up."""

    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage":
            status, headers, answer = self.long_poll(environ, json.loads(body))
        else:
            status, headers, answer = self.answer(environ, body)
        start_response(status, headers)
        return [answer]

    def answer(self, environ, body):
        started = []
        request = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        with self.lock:
            answer = b"".join(self.application(request, lambda *head: started.append(head)))
        status, headers = started[-1][:2]
        return status, headers, answer

    def long_poll(self, environ, request):
        deadline = time.monotonic() + float(request.get("WaitTimeSeconds") or 0)
        body = json.dumps({**request, "WaitTimeSeconds": 0}).encode()
        while True:
            status, headers, answer = self.answer(environ, body)
            if not status.startswith("200") or b'"Messages"' in answer or time.monotonic() >= deadline:
                return status, headers, answer
            time.sleep(SHORT_POLL_SECONDS)


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        pass


def keep_mappings_passive():
    """Mappings are stored and listed but deliver nothing.

    moto would run the function in Docker at every message sent, and count a receive for it; here the tests'
    own pollers are the event source.
    """
    create = LambdaBackend.create_event_source_mapping

    def create_passive(backend, spec):
        mapping = create(backend, spec)
        account, region = backend.account_id, backend.region_name
        for source in (*sqs_backends[account][region].queues.values(), *dynamodb_backends[account][region].tables.values()):
            source.lambda_event_source_mappings.clear()
        return mapping

    LambdaBackend.create_event_source_mapping = create_passive


def complete_queues():
    """moto knows no redrive allow policy, and forgets a queue's policy when another attribute is set."""
    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = ""
    attributes, set_attributes = Queue.attributes.fget, Queue._set_attributes
    Queue.attributes = property(lambda queue: {name: value for name, value in attributes(queue).items() if value != ""})

    def keep_policy(queue, attributes, now=None):
        kept = {} if "Policy" in attributes or not hasattr(queue, "_policy_json") else {"Policy": queue.policy}
        set_attributes(queue, {**kept, **attributes}, now)

    Queue._set_attributes = keep_policy


def complete_file_systems():
    """moto can set a file system's policy and not delete it."""

    def delete_file_system_policy(response):
        name = response._get_param("FileSystemId")
        response.efs_backend.file_systems_by_id[name].file_system_policy = None
        return json.dumps({}), {"status": 200, "Content-Type": "application/json"}

    EFSResponse.delete_file_system_policy = delete_file_system_policy


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    logging.getLogger("werkzeug").disabled = True
    keep_mappings_passive()
    complete_queues()
    complete_file_systems()
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


main()
