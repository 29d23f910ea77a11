use crate::rpcz::snapshot::Row;

/// The columns that rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Column {
    Method,
    InFlight,
    Rate,
    RateHour,
    RateStart,
    Started,
    Ok,
    Errors,
    P50,
    P90,
    P99,
    Messages,
}

impl Column {
    /// In the order of the table.
    pub(super) const ALL: [Column; 12] = [
        Column::Method,
        Column::InFlight,
        Column::Rate,
        Column::RateHour,
        Column::RateStart,
        Column::Started,
        Column::Ok,
        Column::Errors,
        Column::P50,
        Column::P90,
        Column::P99,
        Column::Messages,
    ];

    /// The column's name in a query.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Column::Method => "method",
            Column::InFlight => "in_flight",
            Column::Rate => "rate",
            Column::RateHour => "rate_hour",
            Column::RateStart => "rate_start",
            Column::Started => "started",
            Column::Ok => "ok",
            Column::Errors => "errors",
            Column::P50 => "p50",
            Column::P90 => "p90",
            Column::P99 => "p99",
            Column::Messages => "messages",
        }
    }

    fn value(self, row: &Row) -> f64 {
        match self {
            Column::Method => 0.0,
            Column::InFlight => row.in_flight as f64,
            Column::Rate => row.rates.minute.calls_per_second,
            Column::RateHour => row.rates.hour.calls_per_second,
            Column::RateStart => row.rates.start.calls_per_second,
            Column::Started => row.started as f64,
            Column::Ok => row.ok as f64,
            Column::Errors => row.errors as f64,
            Column::P50 => row.latency.p50_ms.unwrap_or(-1.0),
            Column::P90 => row.latency.p90_ms.unwrap_or(-1.0),
            Column::P99 => row.latency.p99_ms.unwrap_or(-1.0),
            Column::Messages => (row.request_messages + row.response_messages) as f64,
        }
    }
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) is_descending: bool,
}

impl Order {
    /// Parses an order. Sorts by name if the order is missing or unknown.
    pub(super) fn parse(sort: &str) -> Self {
        let (name, is_descending) =
            sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        match Column::ALL.into_iter().find(|column| column.name() == name) {
            Some(column) => Order { column, is_descending },
            None => Order { column: Column::Method, is_descending: false },
        }
    }

    /// Returns the order that a click on a column leads to. Numbers start with the largest.
    pub(super) fn after_click(self, column: Column) -> String {
        let is_descending = match self.column == column {
            true => !self.is_descending,
            false => column != Column::Method,
        };
        format!("{}{}", if is_descending { "-" } else { "" }, column.name())
    }

    pub(super) fn sort(self, rows: &mut [Row]) {
        // Equal rows stay sorted by name.
        rows.sort_by(|a, b| (a.name, a.side).cmp(&(b.name, b.side)));
        if self.column == Column::Method {
            if self.is_descending {
                rows.reverse();
            }
            return;
        }
        rows.sort_by(|a, b| {
            let order = self.column.value(a).total_cmp(&self.column.value(b));
            if self.is_descending { order.reverse() } else { order }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Order};

    #[test]
    fn a_second_click_reverses_the_order() {
        let first = Order::parse("nonsense");
        assert_eq!(first, Order { column: Column::Method, is_descending: false });
        assert_eq!(first.after_click(Column::Method), "-method");
        assert_eq!(first.after_click(Column::P99), "-p99");
        assert_eq!(Order::parse("-p99").after_click(Column::P99), "p99");
        for column in Column::ALL {
            let order = Order { column, is_descending: true };
            assert_eq!(Order::parse(&format!("-{}", column.name())), order);
        }
    }
}
