======== day
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/dt=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'dt': DATE}
);

======== day, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/dt=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'dt': DATE}
);

======== hour
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/dt=*/hour=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'dt': DATE, 'hour': BIGINT}
);

======== hour, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/dt=*/hour=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'dt': DATE, 'hour': BIGINT}
);

======== month
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/month=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'month': VARCHAR}
);

======== month, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/month=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'month': VARCHAR}
);

======== projects
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE}
);

======== projects, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE}
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')
-- union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/hour=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE, 'hour': BIGINT}
);

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for duckdb
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION 'eu-central-1')

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
FROM read_parquet(
  's3://my-bucket/agents/tool_execution/project=*/dt=*/hour=*/*.parquet',
  union_by_name = true,
  hive_partitioning = true,
  hive_types = {'project': VARCHAR, 'dt': DATE, 'hour': BIGINT}
);

