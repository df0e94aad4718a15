======== day
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/dt=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'dt': DATE}
);

======== day, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE TABLE "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/dt=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'dt': DATE}
);

======== hour
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt",
  "hour"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/dt=*/hour=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'dt': DATE, 'hour': BIGINT}
);

======== hour, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE TABLE "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "dt",
  "hour"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/dt=*/hour=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'dt': DATE, 'hour': BIGINT}
);

======== month
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "month"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/month=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'month': VARCHAR}
);

======== month, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE TABLE "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "score",
  "order",
  "month"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/month=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'month': VARCHAR}
);

======== projects
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "project",
  "score",
  "order",
  "dt"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE}
);

======== projects, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE TABLE "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "project",
  "score",
  "order",
  "dt"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE}
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE VIEW "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "project",
  "score",
  "order",
  "dt",
  "hour"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/hour=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE, 'hour': BIGINT}
);

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text

CREATE OR REPLACE TABLE "logs" AS
SELECT
  "log_id",
  "timestamp",
  "duration_ms",
  "instant_charge",
  "request",
  "project",
  "score",
  "order",
  "dt",
  "hour"
FROM read_ndjson(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/hour=*/*.ndjson.gz',
  columns = {
    'log_id': 'VARCHAR',
    'timestamp': 'TIMESTAMP WITH TIME ZONE',
    'duration_ms': 'BIGINT',
    'instant_charge': 'DECIMAL(18,9)',
    'request': 'JSON',
    'score': 'DOUBLE',
    'order': 'BOOLEAN'
  },
  maximum_object_size = 16777216,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE, 'hour': BIGINT}
);

