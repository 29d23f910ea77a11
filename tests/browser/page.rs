//! A page with data on it, for `check.py`. Each input line is a command, which is answered with a
//! line.

use std::error::Error;

use grpc_interceptor::{
    Error as GrpcError,
    interceptors::Rpcz,
    testing::{self, DummyRequest},
};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tonic::Request;

/// Text that a browser would act on if it were parsed as HTML.
const HOSTILE: [&str; 4] = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=\"window.pwned = 2\">",
    "\" autofocus onfocus=\"window.pwned = 3\" onmouseover=\"window.pwned = 4",
    "</bdi></dd></dl><svg onload=\"window.pwned = 5\">",
];

fn request(input: &str) -> Request<DummyRequest> {
    let mut request = Request::new(DummyRequest { input: input.to_owned() });
    for (number, value) in HOSTILE.into_iter().enumerate() {
        let key: tonic::metadata::AsciiMetadataKey =
            format!("hostile-{number}").parse().expect("it is a key");
        request.metadata_mut().insert(key, value.parse().expect("it is ASCII"));
    }
    request.metadata_mut().insert("authorization", "Bearer sesame".parse().expect("it is ASCII"));
    request
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rpcz = Rpcz::new().fields(|_, _| HOSTILE.join(" "));
    let client = testing::dummy()
        .server_interceptors(rpcz.clone())
        .special_case("fail", |_| Err::<String, _>(GrpcError::not_found(HOSTILE.join("\n"))))
        .special_case_async("hang", |_| std::future::pending::<Result<String, GrpcError>>())
        .on_loopback();
    let mut client = client.start().await?;
    let page = rpcz.bind(0).await?;
    println!("http://{}/", page.local_addr()?);
    tokio::spawn(page.serve());

    let mut lines = BufReader::new(stdin()).lines();
    let mut hanging = Vec::new();
    while let Some(line) = lines.next_line().await? {
        match &*line {
            "hang" => {
                let mut client = client.get_mut().clone();
                hanging.push(tokio::spawn(async move {
                    // Ends when the call is cancelled.
                    let _ = client.execute(request("hang")).await;
                }));
            }
            "give up" => hanging.drain(..).for_each(|call| call.abort()),
            "fail" => {
                let failed = client.get_mut().execute(request("fail")).await;
                failed.expect_err("this call fails");
            }
            "streams" => {
                client.execute_client_stream(["a", "b"]).await?;
                client.execute_server_stream("abc").await?;
                client.execute_client_server_stream(["a", "b"]).await?;
            }
            "call" => {
                client.get_mut().execute(request("a")).await?;
            }
            other => return Err(format!("unknown command `{other}`").into()),
        }
        println!("done");
    }
    Ok(())
}
