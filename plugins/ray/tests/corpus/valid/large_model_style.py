# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

"""
Regional sales report
=====================

Reads the sales from object storage, aggregates them per region and writes the
result as Parquet. Designed to run on any Ray cluster.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

import ray
from ray.data import Dataset
from ray.data.aggregate import Count, Sum

INPUT_PATH: Final[str] = "s3://retail/sales.csv"
OUTPUT_PATH: Final[str] = os.environ["OUTPUT_PATH"].rstrip("/")
MAX_ROWS_PRINTED: Final[int] = 50

logging.basicConfig(stream=sys.stdout, level=logging.INFO)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportConfig:
    """Configuration of the report."""

    input_path: str = INPUT_PATH
    output_path: str = OUTPUT_PATH
    group_keys: tuple[str, ...] = field(default=("region",))


class ReportPipeline:
    """Encapsulates the whole pipeline."""

    def __init__(self, config: ReportConfig) -> None:
        self._config = config

    def load(self) -> Dataset:
        logger.info("Loading %s", self._config.input_path)
        return ray.data.read_csv(self._config.input_path)

    @staticmethod
    def _drop_missing(row: dict[str, Any]) -> bool:
        return row["region"] is not None and row["amount"] is not None

    def transform(self, dataset: Dataset) -> Dataset:
        valid = dataset.filter(self._drop_missing)
        grouped = valid.groupby(list(self._config.group_keys))
        return grouped.aggregate(Sum("amount", alias_name="total_amount"), Count(alias_name="order_count"))

    def save(self, dataset: Dataset) -> None:
        dataset.write_parquet(f"{self._config.output_path}/regional_report")

    def run(self) -> Dataset:
        started = time.perf_counter()
        report = self.transform(self.load()).sort("total_amount", descending=True).materialize()
        self.save(report)
        logger.info("Finished in %.2f s", time.perf_counter() - started)
        return report


def main() -> int:
    """Entry point."""
    ray.init(ignore_reinit_error=True)
    try:
        report = ReportPipeline(ReportConfig()).run()
        for row in report.take(MAX_ROWS_PRINTED):
            print(row)
        return 0
    except Exception:
        logger.exception("The report failed")
        raise
    finally:
        ray.shutdown()


if __name__ == "__main__":
    sys.exit(main())
