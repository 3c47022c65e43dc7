# [[objects]]
# uri = "s3://warehouse/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, status string, total decimal(10,2), created_at timestamp"

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("orders")


@dataclass(frozen=True)
class JobConfig:
    source: str = "s3://warehouse/orders/"
    target: str = field(default_factory=lambda: os.environ["OUTPUT_PATH"])
    statuses: tuple[str, ...] = ("paid", "shipped")
    min_total: float = 10.0


class OrdersJob:
    def __init__(self, spark: SparkSession, config: JobConfig) -> None:
        self._spark = spark
        self._config = config

    def extract(self) -> DataFrame:
        return self._spark.read.parquet(self._config.source)

    def transform(self, orders: DataFrame) -> DataFrame:
        wanted = F.col("status").isin(*self._config.statuses) & (F.col("total") >= self._config.min_total)
        return (
            orders.where(wanted)
            .withColumn("day", F.to_date("created_at"))
            .groupBy("day", "status")
            .agg(F.sum("total").alias("revenue"), F.countDistinct("customer_id").alias("customers"))
        )

    def load(self, result: DataFrame) -> None:
        result.write.mode("overwrite").partitionBy("status").parquet(self._config.target)

    def run(self) -> None:
        result = self.transform(self.extract())
        log.info("writing %d rows", result.count())
        self.load(result)


if __name__ == "__main__":
    session = SparkSession.builder.appName("orders").getOrCreate()
    try:
        OrdersJob(session, JobConfig()).run()
    finally:
        session.stop()
