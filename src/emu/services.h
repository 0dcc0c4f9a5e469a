/*
 * services - the operations, one AWS service a file, and how each service words an error.
 *
 * Each operation fills request->answer and returns true, or fills request->refusal and returns
 * false. Threads: one connection's.
 */
#ifndef PS_EMU_SERVICES_H
#define PS_EMU_SERVICES_H

#include "emu/request.h"

/* bedrock.c: REST-JSON */
bool ps_emu_bedrock_create(struct ps_emu_request *request);
bool ps_emu_bedrock_get(struct ps_emu_request *request);
bool ps_emu_bedrock_list(struct ps_emu_request *request);
bool ps_emu_bedrock_stop(struct ps_emu_request *request);
bool ps_emu_bedrock_invoke(struct ps_emu_request *request);
bool ps_emu_bedrock_converse(struct ps_emu_request *request);
bool ps_emu_bedrock_unknown(struct ps_emu_request *request);
void ps_emu_bedrock_error(struct ps_emu_request *request);

/* sts.c: form in, XML out. Its operation is in the body: `unknown` is what any other gets. */
bool ps_emu_sts_identity(struct ps_emu_request *request);
void ps_emu_sts_error(struct ps_emu_request *request);

/* s3_objects.c */
bool ps_emu_s3_put(struct ps_emu_request *request);
bool ps_emu_s3_get(struct ps_emu_request *request);
bool ps_emu_s3_head(struct ps_emu_request *request);
bool ps_emu_s3_delete(struct ps_emu_request *request);
bool ps_emu_s3_delete_many(struct ps_emu_request *request);

/* s3_buckets.c */
bool ps_emu_s3_list(struct ps_emu_request *request);
bool ps_emu_s3_list_buckets(struct ps_emu_request *request);
bool ps_emu_s3_create_bucket(struct ps_emu_request *request);
bool ps_emu_s3_head_bucket(struct ps_emu_request *request);
bool ps_emu_s3_location(struct ps_emu_request *request);

/* s3_uploads.c */
bool ps_emu_s3_create_upload(struct ps_emu_request *request);
bool ps_emu_s3_part(struct ps_emu_request *request);
bool ps_emu_s3_complete(struct ps_emu_request *request);
bool ps_emu_s3_abort(struct ps_emu_request *request);
bool ps_emu_s3_list_parts(struct ps_emu_request *request);
bool ps_emu_s3_list_uploads(struct ps_emu_request *request);

/* s3.c: what its files share */
bool ps_emu_s3_unknown(struct ps_emu_request *request);
void ps_emu_s3_error(struct ps_emu_request *request);

/* The place that the request speaks of. */
struct ps_object_place;
struct ps_object_place ps_emu_s3_place(const struct ps_emu_request *request);

/* The put that the headers describe. The checksum that was sent is found after the body is in. */
struct ps_object_put;
struct ps_object_put ps_emu_s3_put_of(const struct ps_emu_request *request);

/* Which checksum the headers or the announced trailer bring; NONE for none. */
enum ps_checksum ps_emu_s3_checksum_of(const struct ps_emu_request *request);

/* The value of that checksum, from header or trailer; "" when it was not sent. */
struct ps_str ps_emu_s3_checksum_value(const struct ps_emu_request *request,
                                       enum ps_checksum checksum);

/* Before the body comes: may it come, and where does it go? False: refused. */
bool ps_emu_s3_open_body(struct ps_emu_request *request);

/* Headers of an answer. */
void ps_emu_s3_header_etag(struct ps_emu_request *request, const char *etag);
void ps_emu_s3_header_checksum(struct ps_emu_request *request, enum ps_checksum algorithm,
                               const char *value, bool is_composite);

/* XML of an answer. */
void ps_emu_xml_begin(struct ps_emu_request *request, const char *root);
void ps_emu_xml_text(struct ps_emu_request *request, const char *name, struct ps_str text);
void ps_emu_xml_number(struct ps_emu_request *request, const char *name, int64_t number);

#endif
