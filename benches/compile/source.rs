//! The source code of a service.

use std::fmt::Write as _;

use crate::{
    around::Around,
    choice::{Kind, Subject},
};

/// Returns its .proto file.
pub fn proto(rpcs: usize, kind: Kind) -> String {
    let mut proto = String::from("syntax = \"proto3\";\npackage many.v1;\nservice Many {\n");
    let stream = match kind {
        Kind::Unary => "",
        Kind::Streaming => "stream ",
    };
    for rpc in 0..rpcs {
        _ = writeln!(
            proto,
            "  rpc Call{rpc}({stream}Question{rpc}) returns ({stream}Answer{rpc});"
        );
    }
    proto.push_str("}\n");
    for rpc in 0..rpcs {
        _ = writeln!(proto, "message Question{rpc} {{ string text = 1; int32 number = 2; }}");
        _ = writeln!(proto, "message Answer{rpc} {{ string text = 1; int32 number = 2; }}");
    }
    proto
}

/// Returns the crate: tonic's generated code, the impl, the code around it, and a fn that
/// instantiates all of it, because the generated server is generic.
pub fn library(rpcs: usize, kind: Kind, subject: Subject) -> String {
    let mut source = String::from(
        "#![allow(dead_code, unused_imports)]\n\
         include!(\"many.v1.rs\");\n\
         use many_server::{Many, ManyServer};\n\
         use tonic::{Request, Response, Status, codegen::{tokio_stream::StreamExt as _, *}};\n",
    );
    let Around { items, fields, attribute, server, chain } = Around::of(subject);
    _ = write!(
        source,
        "{items}#[derive(Default)]\npub struct Service {{ {fields} }}\n\
         {attribute}\nimpl Many for Service {{\n"
    );
    for rpc in 0..rpcs {
        let (signature, body) = match kind {
            Kind::Unary => UNARY,
            Kind::Streaming => STREAMING,
        };
        let body = chain.replace("BODY", body);
        source.push_str(&format!("{signature}{{{body}}}\n").replace('$', &rpc.to_string()));
    }
    _ = write!(
        source,
        "}}\n\
         pub fn call(request: http::Request<Body>) -> impl Future + Send {{\n    \
         Service_::call(&mut {server}, request)\n}}\n\
         use tonic::{{body::Body, codegen::Service as Service_}};\n"
    );
    source
}

/// A method's signature and its body.
type Handler = (&'static str, &'static str);

const UNARY: Handler = (
    "
    async fn call$(&self, request: Request<Question$>) -> Result<Response<Answer$>, Status> ",
    "
        let Question$ { text, number } = request.into_inner();
        Ok(Response::new(Answer$ { text, number }))
    ",
);

const STREAMING: Handler = (
    "
    type Call$Stream = BoxStream<Answer$>;
    async fn call$(
        &self,
        request: Request<tonic::Streaming<Question$>>,
    ) -> Result<Response<Self::Call$Stream>, Status> ",
    "
        let questions: tonic::Streaming<Question$> = request.into_inner();
        let answers = questions.map(|question| {
            question.map(|Question$ { text, number }| Answer$ { text, number })
        });
        let answers: BoxStream<Answer$> = Box::pin(answers);
        Ok(Response::new(answers))
    ",
);
