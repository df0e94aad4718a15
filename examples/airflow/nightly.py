"""Export the agents' logs every night, and prove on Sundays that they are still whole."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="logferry",
    schedule="17 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,  # the pipeline declares the range: a later run makes up for those that were missed
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": pendulum.duration(minutes=15)},
):
    export = BashOperator(
        task_id="apply",
        bash_command="logferry apply -f /opt/logferry/nightly.yaml --log-format json ",
        append_env=True,  # COMPOSIO_API_KEY is the worker's
    )
    prove = BashOperator(
        task_id="verify",
        bash_command='[ "$(date -u +%u)" != 7 ] || logferry verify -f /opt/logferry/nightly.yaml --deep ',
        append_env=True,
    )
    export >> prove
