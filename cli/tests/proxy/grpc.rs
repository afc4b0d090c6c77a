//! One gRPC method of tonic, on both sides, with texts for messages.

use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Service};
use tonic::{Request, Response, Status};

use super::service::AnyBody;

/// A text as a message.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Text;
    type Decoder = Text;

    fn encoder(&mut self) -> Text {
        Text
    }

    fn decoder(&mut self) -> Text {
        Text
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes: Bytes = from.copy_to_bytes(from.remaining());
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Answers with the same text, but to nobody.
struct Echo;

impl Service<Request<String>> for Echo {
    type Response = Response<String>;
    type Error = Status;
    type Future = BoxFuture<Response<String>, Status>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        Box::pin(async move {
            match request.into_inner() {
                text if text == "nobody" => Err(Status::not_found("nobody there")),
                text => Ok(Response::new(text)),
            }
        })
    }
}

/// On the side of the service.
pub(crate) async fn answer(request: hyper::Request<Incoming>) -> hyper::Response<AnyBody> {
    let answer = tonic::server::Grpc::new(Text).unary(Echo, request).await;
    answer.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// On the side of the client: what it is told, and by whom.
pub(crate) async fn say(url: &str, texts: &[&str]) {
    let channel = tonic::transport::Channel::from_shared(url.to_owned()).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    for text in texts {
        client.ready().await.unwrap();
        let path = "/test.Echo/Say".parse().unwrap();
        let answer = client.unary(Request::new((*text).to_owned()), path, Text).await;
        let metadata = match &answer {
            Ok(answer) => answer.metadata(),
            Err(status) => status.metadata(),
        };
        println!("met {}", metadata.get("x-replica").unwrap().to_str().unwrap());
        match &answer {
            Ok(answer) => println!("said {}", answer.get_ref()),
            Err(status) => println!("refused {:?}: {}", status.code(), status.message()),
        }
    }
}
