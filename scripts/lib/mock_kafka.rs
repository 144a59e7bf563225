//! A Kafka cluster of one broker that does as little as can be, librdkafka's own, for `scripts/bench-sinks`: it prints its
//! address, and ends with its standard input.

use rdkafka::mocking::MockCluster;
use std::io::Read as _;

fn main() {
    let cluster = MockCluster::new(1).expect("a cluster");
    println!("{}", cluster.bootstrap_servers());
    std::io::stdin().read_to_end(&mut Vec::new()).expect("an end");
}
