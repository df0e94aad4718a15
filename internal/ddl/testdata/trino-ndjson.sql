======== day
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "dt" DATE
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['dt']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs', 'FULL');

======== day, load
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs_files";

CREATE TABLE "logs_files" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "dt" DATE
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['dt']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs_files', 'FULL');

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" AS
SELECT * FROM "logs_files";

======== hour
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "dt" DATE,
  "hour" INTEGER
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['dt', 'hour']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs', 'FULL');

======== hour, load
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs_files";

CREATE TABLE "logs_files" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "dt" DATE,
  "hour" INTEGER
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['dt', 'hour']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs_files', 'FULL');

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" AS
SELECT * FROM "logs_files";

======== month
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "month" VARCHAR
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['month']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs', 'FULL');

======== month, load
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs_files";

CREATE TABLE "logs_files" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "month" VARCHAR
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['month']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs_files', 'FULL');

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" AS
SELECT * FROM "logs_files";

======== projects
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "project" VARCHAR,
  "dt" DATE
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['project', 'dt']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs', 'FULL');

======== projects, load
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs_files";

CREATE TABLE "logs_files" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "project" VARCHAR,
  "dt" DATE
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['project', 'dt']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs_files', 'FULL');

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" AS
SELECT * FROM "logs_files";

======== projects-hour
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- a table of the same name is dropped first: that removes none of the export's files, but the rows of a load that had the name
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "project" VARCHAR,
  "dt" DATE,
  "hour" INTEGER
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['project', 'dt', 'hour']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs', 'FULL');

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for trino
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- a table of the same name is dropped first, with the rows of an earlier load; logs_files is there for the load only, and to drop it removes none of the export's files
-- if the metastore gives external tables the property external.table.purge, DROP TABLE removes their files, too: then leave it out
-- the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions
-- fill in ${TRINO_SCHEMA}: the schema of the table
-- fill in ${TRINO_CATALOG}: the catalog of the table

DROP TABLE IF EXISTS "logs_files";

CREATE TABLE "logs_files" (
  "log_id" VARCHAR,
  "timestamp" TIMESTAMP(6),
  "duration_ms" BIGINT,
  "instant_charge" DECIMAL(18,9),
  "request" VARCHAR,
  "score" DOUBLE,
  "order" BOOLEAN,
  "project" VARCHAR,
  "dt" DATE,
  "hour" INTEGER
)
WITH (
  format = 'OPENX_JSON',
  external_location = 's3://my-bucket/agents/tool_execution',
  partitioned_by = ARRAY['project', 'dt', 'hour']
);

CALL "${TRINO_CATALOG}".system.sync_partition_metadata('${TRINO_SCHEMA}', 'logs_files', 'FULL');

DROP TABLE IF EXISTS "logs";

CREATE TABLE "logs" AS
SELECT * FROM "logs_files";

